// What happened to a watch: its events, each with the sentence that came with it.

import { h } from "./dom.js";
import { clock, ruleOf } from "./words.js";

// what other events say too: an outcome has the tries and seconds that a verdict lacks
const TWICE = ["rollback_intent", "intent_followed", "intent_withdrawn", "rollback_effect", "outcome_withdrawn", "outcome_overruled", "outcome_ledger_lost"];

/** The events that are shown: nothing twice, and tries with one outcome as their last one. */
export function worthTelling(events) {
  const outcomes = new Set(events.map(({ kind }) => kind).filter((kind) => kind.startsWith("outcome_")));
  return events.filter(({ kind, at, detail }, index) => {
    if (TWICE.includes(kind) || typeof at !== "number") return false;
    if (kind === "ended") return !outcomes.has(`outcome_${detail?.verdict}`);
    return kind !== "rollback_blocked" || events[index + 1]?.kind !== kind;
  });
}

/** Whether an event is a reason why nothing was rolled back. */
const speaksAgainst = ({ kind, detail }) => kind === "withdrawn" || kind === "would_roll_back" || (kind === "cleared" && ruleOf(detail?.rule).action === "rollback");

/** The latest events that say why nothing was rolled back, newest first. */
export const against = (events) => events.filter(speaksAgainst).slice(-6).reverse().map(({ at, said }) => `${clock(at)}: ${said?.text ?? ""}`);

export function line({ at, said }) {
  const { text = "", list = [], more = 0 } = said ?? {};
  const items = list.length ? h("ul", {}, list.map((one) => h("li", {}, one)), more ? h("li", {}, `and ${more} more`) : null) : null;
  return h("li", {}, h("time", { datetime: new Date(at * 1000).toISOString() }, clock(at)), h("span", {}, text, items));
}
