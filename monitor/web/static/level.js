// How grave a watch is, and what it would roll back for: for the order of the cards, their marks and lines.

import { metricName, span, value } from "./words.js";

const UNHAPPY = ["failed", "refused", "unverified"];
const GRAVE = ["rolling_back", "in_doubt", "awaiting_approval"];
export const LEVELS = { alarm: 0, notice: 1, calm: 2, over: 3 };

/** alarm, notice, calm or over. */
export function level(watch) {
  if (watch.verdict !== null) return UNHAPPY.includes(watch.verdict) ? "alarm" : "over";
  const streaks = watch.streaks ?? [];
  if (GRAVE.includes(watch.phase) || streaks.some((streak) => streak.action === "rollback")) return "alarm";
  const blind = Object.values(watch.metrics ?? {}).some((metric) => metric.blind);
  const unable = watch.mode !== "observe" && !watch.superseded && watch.readiness?.ok !== true;
  return streaks.length || blind || unable || watch.phase !== "watching" ? "notice" : "calm";
}

/** The rules that lead to a rollback, in one sentence; "" when none does. */
export function trigger(watch) {
  if (watch.verdict !== null || watch.superseded || level(watch) === "alarm") return "";
  const rules = Object.entries(watch.metrics ?? {}).flatMap(([name, metric]) =>
    (metric.rules ?? []).filter((rule) => rule.action === "rollback").map((rule) =>
      `${metricName(name).toLowerCase()} stays above ${value(rule.limit, metric.unit)} for ${span(rule.hold_seconds)}`));
  const does = { auto: "Rolls back by itself if", approve: "Asks a person to approve a rollback if" }[watch.mode] ?? "Only observes, and notes if";
  return rules.length ? `${does} ${rules.join(", or ")}.` : "";
}
