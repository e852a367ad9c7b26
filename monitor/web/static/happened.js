// What happened to a watch, one sentence for each kind of event (docs/logs.md has the kinds).

import { h } from "./dom.js";
import { VERDICTS, clock, metricName, ruleOf, span, value, weight } from "./words.js";

const LIMITS = { rollback: "the rollback limit", investigate: "the investigate limit", warn: "its normal range" };
const ACTS = { rollback: "time to roll back", investigate: "people are alerted", warn: "a warning" };
const ENDS = { gap: "a gap in the samples", paused: "a pause", rearmed: "a newer watch" };
const SHOWN = 5; // lines of a list in one event
const LONGEST = 200; // characters of an event that has no sentence

// what other events say too: an outcome has the tries and seconds that a verdict lacks
const TWICE = ["rollback_intent", "intent_followed", "intent_withdrawn", "rollback_effect", "outcome_withdrawn", "outcome_overruled", "outcome_ledger_lost"];

export function endedBy(detail, units) {
  const { metric } = ruleOf(detail.rule);
  if (typeof detail.value === "number") return value(detail.value, units[metric]);
  return ENDS[detail.reason] ?? "recovery";
}

/** What a decision stands on: the limit that was in effect, the baseline that raised it, the evidence. */
function grounds({ rule, evidence, limit, baseline }, units) {
  const unit = units[ruleOf(rule).metric];
  const before = typeof baseline === "number" ? ` (baseline ${value(baseline, unit)})` : "";
  const own = typeof limit === "number" ? `limit ${value(limit, unit)}${before}` : "";
  return [own, weight(evidence)].filter(Boolean).map((text) => `; ${text}`).join("");
}

const beyond = (rule) => LIMITS[ruleOf(rule).action] ?? rule;
const name = (rule) => (rule === "person" ? "a person" : ruleOf(rule).name);
const told = (what) => ({ text }) => [what, typeof text === "string" && text ? `: ${text}` : ""].join("");
const lines = (found) => (Array.isArray(found) ? found.map(inWords) : []);

/** A value of a detail as text: objects by their keys, never as `[object Object]`. */
function inWords(found) {
  if (found === null || typeof found !== "object") return String(found);
  if (Array.isArray(found)) return found.map(inWords).join(", ");
  return Object.entries(found).map(([key, one]) => `${key.replaceAll("_", " ")} ${inWords(one)}`).join(", ");
}

/** A sentence, and under it what it lists. */
const listing = (what, found) => ({ what, list: lines(found).slice(0, SHOWN), more: Math.max(0, lines(found).length - SHOWN) });

const done = (what) => ({ tries, reason }) => `${what}${tries > 1 ? ` at try ${tries}` : ""}${reason ? `: ${reason}` : ""}`;

const SENTENCES = {
  registered: ({ mode }) => `registered, mode ${mode}`,
  started: () => "the daemon has begun to watch",
  already_breaching: () => "a rollback rule had fired before it: a person must approve a rollback until that is over",
  rearmed: () => "what was wrong before it is over: it may be rolled back by itself again",
  pending: ({ rule }) => `${name(rule)} is beyond ${beyond(rule)}`,
  firing: (detail, at, units) => `${name(detail.rule)} was beyond ${beyond(detail.rule)} for ${span(at - detail.since)}: ${ACTS[ruleOf(detail.rule).action] ?? "it acts"}${grounds(detail, units)}`,
  insufficient_evidence: (detail, at, units) => `${name(detail.rule)} was beyond ${beyond(detail.rule)} for ${span(at - detail.since)}, with too little traffic to decide${grounds(detail, units)}`,
  cleared: (detail, at, units) => `${name(detail.rule)}, ${ruleOf(detail.rule).action}: streak ${span(at - detail.since)}, ended by ${endedBy(detail, units)}`,
  blind: ({ metric }) => `${metricName(metric)} can't be measured`,
  sighted: ({ metric }) => `${metricName(metric)} is measured again`,
  instances_missing: ({ metric, answering, instances }) => `${metricName(metric)}: ${answering} of ${instances} instances answer`,
  instances_back: ({ metric }) => `${metricName(metric)}: all instances answer again`,
  not_ready: ({ reasons }) => listing("it could not be rolled back now:", reasons),
  ready: () => "it could be rolled back again",
  superseded: () => "only observes from now on: a newer migration on this target has taken over",
  armed_again: () => "acts again, with fresh streaks: the newer migration is gone",
  control: ({ control, by, reason }) => `${control} by ${by}${reason ? `: ${reason}` : ""}`,
  control_ignored: ({ control, phase }) => `${control} came too late: ${String(phase ?? "").replaceAll("_", " ")}`,
  promoted: ({ before, now }) => `another server is the primary now (timeline ${before} to ${now}); the watch goes on there`,
  ledger_lost: told("a failover lost part of the ledger, a person decides"),
  approval_requested: (detail, at, units) => `a person is asked to approve the rollback: ${name(detail.rule)}${grounds(detail, units)}`,
  would_roll_back: (detail, at, units) => `would have rolled back: ${name(detail.rule)}${grounds(detail, units)}`,
  rollback_decided: (detail, at, units) => (detail.by ? `rollback decided, asked for by ${detail.by}` : `rollback decided: ${name(detail.rule)}${grounds(detail, units)}`),
  withdrawn: ({ reason }) => `rollback withdrawn, nothing took effect${reason ? `: ${reason}` : ""}`,
  intent: () => "the rollback begins: from here on it can't be stopped",
  rollback_intent: () => "the rollback begins: from here on it can't be stopped",
  intent_followed: ({ before, timeline }) => `another server is the primary now (timeline ${before} to ${timeline}); the rollback goes on there`,
  intent_withdrawn: () => "the rollback is given back",
  rollback_group: () => "a part of the plan took effect",
  rollback_effect: () => "the rollback took effect",
  rollback_blocked: ({ text, tries }) => listing(`${tries > 1 ? `${tries} tries` : "the first try"} did not get the locks${lines(text).length ? "; in the way:" : ""}`, text),
  rollback_cleared: ({ text, policy }) => listing(`ended, as configured${policy ? ` (${policy})` : ""}:`, text),
  rollback_budget_spent: ({ text }) => listing(`its time for getting the locks is over, it goes on slowly${lines(text).length ? "; in the way:" : ""}`, text),
  rollback_retry: told("the rollback is tried again"),
  rollback_hindered: told("the server could not do it for now, it is tried again"),
  rollback_refused_for_now: told("the server takes no connection, it is tried again"),
  rollback_in_doubt: told("it is not known yet whether the rollback took effect"),
  rollback_settled: told("the ledger says what became of the rollback"),
  rollback_resumed: told("a part took effect before a restart, the rest is finished"),
  rollback_promoted: told("another server is the primary now, nothing of the rollback is lost"),
  rollback_hook_pulled: told("the hooks before it succeeded"),
  rollback_hook_failed: told("a hook before it failed, the rollback goes on"),
  rollback_hook_blocks: told("a hook before it failed, the rollback waits for it"),
  hook_after: ({ hook, ok, why }) => `hook after the rollback ${ok ? "succeeded" : "failed"}: ${hook}${why ? `, ${why}` : ""}`,
  outcome_rolled_back: done("rolled back"),
  outcome_unverified: done("rolled back, but the schema is not what it should be"),
  outcome_failed: done("the rollback failed"),
  outcome_refused: done("the rollback was refused"),
  outcome_withdrawn: done("nothing took effect"),
  outcome_overruled: done("a person was first, nothing took effect"),
  outcome_ledger_lost: done("the ledger has lost its intent, nothing is done"),
  outcome_resolved_externally: done("found rolled back by hand"),
  ended: ({ verdict, reason }) => `${VERDICTS[verdict] ?? verdict}${reason ? `: ${reason}` : ""}`,
  aftermath: ({ helped, newer }) => newer ? `whether it helped is not judged: the watch of ${newer} began before that` : `${{ true: "it helped: no metric breaches any more", false: "it did NOT help: the breach goes on" }[helped] ?? "whether it helped can't be said: not every metric is measured"}`,
  bookkeeping: ({ migration, tool }) => `${migration} is marked as reverted in the table of ${tool}`,
  kept_expiring: () => "what the rollback kept will be dropped soon",
  kept_dropped: () => "what the rollback kept was dropped, as configured",
  restored: () => "what the rollback kept was put back",
};

/** The events that are shown: nothing twice, and tries with one outcome as their last one. */
export function worthTelling(events) {
  const outcomes = new Set(events.map(({ kind }) => kind).filter((kind) => kind.startsWith("outcome_")));
  return events.filter(({ kind, at, detail }, index) => {
    if (TWICE.includes(kind) || typeof at !== "number") return false;
    if (kind === "ended") return !outcomes.has(`outcome_${detail?.verdict}`);
    return kind !== "rollback_blocked" || events[index + 1]?.kind !== kind;
  });
}

export function line(event, units) {
  const say = SENTENCES[event.kind];
  const text = say ? say(event.detail ?? {}, event.at, units) : other(event);
  return h("li", {}, h("time", { datetime: new Date(event.at * 1000).toISOString() }, clock(event.at)), h("span", {}, typeof text === "string" ? text : listed(text)));
}

function listed({ what, list, more }) {
  if (!list.length) return [what.replace(/:$/, "")];
  return [what, h("ul", {}, list.map((one) => h("li", {}, one)), more ? h("li", {}, `and ${more} more`) : null)];
}

/** A kind without a sentence of its own: its name and its details, lists too. */
function other({ kind, detail }) {
  const plain = Object.entries(detail ?? {}).filter(([, v]) => v !== null && v !== undefined);
  const text = plain.filter(([, v]) => v !== "").map(([key, v]) => `${key.replaceAll("_", " ")} ${Array.isArray(v) ? lines(v).join("; ") : inWords(v)}`).join(", ");
  const short = text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
  return `${kind.replaceAll("_", " ")}${short ? `: ${short}` : ""}`;
}
