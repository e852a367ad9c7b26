// How grave a watch is: for the order of the cards, their marks and lines.

const UNHAPPY = ["failed", "refused", "unverified"];
const BACK = ["rolled_back", "resolved_externally"];
const GRAVE = ["rolling_back", "in_doubt", "awaiting_approval"];
const DAY = 86400;

export const LEVELS = { alarm: 0, notice: 1, calm: 2, aside: 3, back: 4, over: 5 };

/** alarm, notice, calm or aside (it only observes, another acts); of an ended one alarm, back or over. */
export function level(watch) {
  if (watch.verdict !== null) return unhappy(watch) ? "alarm" : BACK.includes(watch.verdict) ? "back" : "over";
  if (watch.superseded) return "aside";
  const streaks = watch.streaks ?? [];
  if (GRAVE.includes(watch.phase) || streaks.some((streak) => streak.action === "rollback")) return "alarm";
  const blind = Object.values(watch.metrics ?? {}).some((metric) => metric.blind || (guards(metric) && metric.value === null && !metric.quiet));
  const unable = watch.mode !== "observe" && watch.readiness?.ok !== true;
  return streaks.length || blind || unable || watch.phase !== "watching" ? "notice" : "calm";
}

/** An end that leaves something to a person: also a rollback of which nobody can say that it helped. */
function unhappy({ verdict, aftermath }) {
  const judged = aftermath && aftermath.said_at !== null;
  return UNHAPPY.includes(verdict) || (judged && !aftermath.newer && aftermath.helped !== true);
}

/** Unhappy ends of the last day whose migration nobody has registered again since. */
export function unsettled(watches, now) {
  const again = (old) => watches.some((w) => w.migration === old.migration && w.target === old.target && w.started_at > old.started_at);
  return watches.filter((w) => w.verdict !== null && level(w) === "alarm" && now - w.verdict_at < DAY && !again(w));
}

/** Whether it is still to be said if the rollback helped; until then a watch that ended is looked at. */
export const awaited = (watch) => watch.verdict !== null && Boolean(watch.aftermath) && watch.aftermath.said_at === null;

const guards = (metric) => (metric.rules ?? []).some((rule) => rule.action === "rollback");
