// Registrations that were refused: their migrations are not watched, whoever believes it.

import { h } from "./dom.js";
import { clock, span } from "./words.js";

const SHOWN = 5;

const WHO = { terminal: "at a terminal", pipeline: "by a pipeline", api: "over HTTP" };

/** One entry for each, newest first. `now`: epoch seconds. */
export function refused(found, now) {
  const shown = found.slice(0, SHOWN).map((one) => entry(one, now));
  const more = found.length - shown.length;
  return [...shown, more > 0 ? h("p", { class: "dim" }, `and ${more} more: \`migration-monitor status\` lists all of the last week`) : null];
}

function entry({ migration, target, at, by, via, times, reasons, watched }, now) {
  const again = times > 1 ? `, ${times} times, last` : "";
  const state = watched ? "keeps its open watch: another registration" : "is NOT watched: its registration";
  return h("div", { class: "refused" },
    h("p", {}, h("strong", {}, migration), ` on ${target} ${state} was refused${again} at ${clock(at, now)}, ${span(now - at)} ago, ${WHO[via] ?? via} (${by}).`),
    h("ul", { class: "reasons" }, reasons.map((reason) => h("li", {}, reason))));
}
