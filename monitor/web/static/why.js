// Why a watch has not rolled back: from where it is now, then from what happened to it.

import { h } from "./dom.js";
import { against } from "./happened.js";
import { dated } from "./words.js";

/** The section; `known`: whether the events were read. */
export function reasons(watch, events, known) {
  const now = watch.told?.why_not ?? [];
  const settled = now.find(({ style }) => style === "over");
  if (settled) return h("p", { class: "dim" }, settled.text);
  const found = [...now.map(dated), ...against(events)];
  if (found.length) return h("ul", {}, found.map((text) => h("li", {}, text)));
  return h("p", { class: "dim" }, known ? "No rollback limit was crossed so far." : "Asking…");
}
