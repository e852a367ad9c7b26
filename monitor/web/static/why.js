// Why a watch has not rolled back: from where it is now, then from what happened to it.

import { h } from "./dom.js";
import { endedBy } from "./happened.js";
import { clock, ruleOf, span, weight } from "./words.js";

const NOW = {
  paused: () => "It is paused: nothing is decided.",
  warming: () => "It still warms up: no limit counts yet.",
  awaiting_approval: () => "No person has approved it yet.",
  rolling_back: (watch) => watch.attempt?.sentence ?? "It is being rolled back now.",
  in_doubt: () => "Whether it took effect is not known yet.",
};

const OVER = {
  rolled_back: () => "It was rolled back.",
  unverified: () => "It was rolled back.",
  resolved_externally: () => "It was found rolled back: by hand, or by another watch with the same rollback.",
  failed: (watch) => `The rollback failed: ${watch.reason}`,
  refused: (watch) => `The rollback was refused: ${watch.reason}`,
};

/** The section; `known`: whether the events were read. */
export function reasons(watch, events, units, known) {
  const settled = OVER[watch.verdict];
  if (settled) return h("p", { class: "dim" }, settled(watch));
  const found = [...standing(watch), ...events.map((event) => past(event, units)).filter(Boolean).slice(-6).reverse()];
  if (found.length) return h("ul", {}, found.map((text) => h("li", {}, text)));
  return h("p", { class: "dim" }, known ? "No rollback limit was crossed so far." : "Asking…");
}

/** What is so at this moment. */
function standing(watch) {
  if (watch.verdict !== null) return [];
  const found = [];
  if (watch.superseded) found.push(`${watch.superseded_by || "A newer migration"} on this target has taken over.`);
  else if (watch.no_rollback) found.push("There is no rollback: it only alerts, and a person must act.");
  else if (watch.mode === "observe") found.push("It only observes.");
  for (const [name, metric] of Object.entries(watch.metrics ?? {}))
    if (metric.blind && (metric.rules ?? []).some((rule) => rule.action === "rollback")) found.push(`${name} can't be measured: whether its limit is crossed is not known.`);
  const now = NOW[watch.phase];
  if (now) found.push(now(watch));
  else for (const streak of watch.streaks ?? []) if (streak.action === "rollback") found.push(underWay(streak));
  return found;
}

function underWay({ rule, since, state, age_seconds: age, hold_seconds: hold, insufficient_evidence: few, evidence }) {
  const { name } = ruleOf(rule);
  const counted = weight(evidence);
  const said = `${name} is beyond the rollback limit since ${clock(since)}${counted ? ` (${counted})` : ""}`;
  if (few) return `${said}, with too little traffic to decide.`;
  if (state === "firing") return `${said}.`;
  return `${said}: ${age < hold ? `not for ${span(hold)} yet` : `it is not sure that it was so for ${span(hold)} and still is`}.`;
}

function past({ kind, at, detail }, units) {
  const { name, action } = ruleOf(detail?.rule);
  if (kind === "cleared" && action === "rollback")
    return `${clock(at)}: ${name} streak ${span(at - detail.since)}, ended by ${endedBy(detail, units)}`;
  if (kind === "withdrawn") return `${clock(at)}: the rollback was withdrawn, ${detail.reason}`;
  if (kind === "would_roll_back") return `${clock(at)}: it would have rolled back for ${name}`;
  return null;
}
