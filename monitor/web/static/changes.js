// What changed in the database since the watch began: asked for while the watch is unfolded, and never
// more often than the daemon compares. What it draws has an upper bound, whatever comes.

import { ofWatch } from "./api.js";
import { h, fill, say } from "./dom.js";
import { clock, span, value } from "./words.js";

const AGAIN = 30000; // milliseconds; the daemon compares every 30 s
const FIRST = 3; // lines of each list until all are asked for
const MOST = 10; // lines of a list
const LONGEST = 200; // characters of a statement
const CLAMPED = 70; // characters that fit on the two lines it is given at first, on a phone

const LISTS = {
  slower: ["Slower: mean time of a call", (s) => rise(s.mean_before_ms, s.mean_ms)],
  heavier: ["Heavier: time spent in each second", (s) => rise(s.ms_per_second_before, s.ms_per_second)],
  new: ["New since then", (s) => [`${value(s.mean_ms ?? s.total_ms / s.calls, "ms")} a call`]],
  gone: ["Ran steadily before, not once since: fails, or nobody asks", (s) => [`${value(s.mean_before_ms, "ms")} a call before`]],
};

export class Changes {
  constructor(watch) {
    this.watch = watch;
    this.all = false;
    this.asked = 0;
    this.settled = false; // what was read is final
    this.when = h("p", { class: "dim when" }, "Asking…");
    this.trouble = h("p", { class: "no", role: "status" });
    this.box = h("div");
    this.more = h("button", { type: "button", class: "plain", hidden: true, "aria-expanded": "false", onclick: () => this.turn() }, "Show all");
    this.root = h("section", { class: "changes" }, h("h3", {}, "What changed in the database"), this.when, this.trouble, this.box, this.more);
  }

  /** Asks, if it is time; call it as often as you like. */
  look(watch) {
    this.watch = watch;
    if (!this.settled && !this.asking && Date.now() - this.asked >= AGAIN) this.ask();
  }

  async ask() {
    this.asking = true;
    this.asked = Date.now();
    const over = this.watch.verdict !== null;
    try {
      this.known = (await ofWatch(this.watch.id, "changes")).changes;
      this.settled = over;
      say(this.trouble, "");
      this.draw();
    } catch (error) {
      say(this.trouble, `Can't be read now: ${error.message}`);
      if (this.known === undefined) say(this.when, "");
    }
    this.asking = false;
  }

  /** The button stays where it is, so that the focus does. */
  turn() {
    this.all = !this.all;
    this.more.setAttribute("aria-expanded", String(this.all));
    say(this.more, this.all ? "Show fewer" : "Show all");
    this.draw();
  }

  draw() {
    const { known, all } = this;
    if (!known) {
      say(this.when, this.settled ? "It was not compared." : "Not compared yet.");
      return;
    }
    say(this.when, `Compared at ${clock(known.at)} with ${clock(known.since)}. Statements are shown without their values.`);
    fill(this.box, [known, all], () => told(known, all));
    this.root.classList.toggle("whole", all);
    this.more.hidden = !hides(known);
  }
}

/** Whether there is more than the first lines say. */
function hides({ statements, invalid_indexes: indexes }) {
  const lists = Object.keys(LISTS).map((name) => statements?.[name] ?? []);
  return indexes.length > FIRST || lists.some((found) => found.length > FIRST || found.some(({ statement }) => statement.length > CLAMPED));
}

function told({ statements, lock_waits: locks, invalid_indexes: indexes }, all) {
  const shown = all ? MOST : FIRST;
  const lists = statements ? Object.entries(LISTS).flatMap(([name, [title, tells]]) => list(title, tells, statements[name] ?? [], shown)) : [];
  const nothing = statements && !lists.length && !locks.length && !indexes.length;
  return [
    lines([...locks.slice(0, MOST).map(waits), ...[...indexes].sort((a, b) => b.new - a.new).slice(0, shown).map(invalid)]),
    statements ? null : h("p", {}, "The server has no pg_stat_statements that the daemon may read: statements are not compared."),
    nothing ? h("p", {}, "No statement became slower, heavier, new or absent; no index is invalid, and nobody waits for a touched table.") : null,
    statements?.reset ? h("p", { class: "dim" }, "pg_stat_statements was reset meanwhile: counted since then.") : null,
    statements?.evicted > 0 ? h("p", { class: "dim" }, "pg_stat_statements had no room for every statement: some may be missing here.") : null,
    lists.length ? h("div", { class: "lists" }, lists) : null,
  ];
}

const lines = (items) => (items.length ? h("ul", { class: "reasons" }, items) : null);

function waits({ relation, waiting, longest_seconds: longest }) {
  const who = waiting === 1 ? "1 session waits" : `${value(waiting)} sessions wait`;
  return h("li", { class: "no" }, `✗ ${who} for a lock on ${relation}, the longest for ${span(longest)}`);
}

function invalid({ name, relation, new: since }) {
  return h("li", { class: since ? "no" : "dim" }, `${since ? "✗ " : ""}Index ${name} on ${relation} ${since ? "became invalid since then" : "was invalid before already"}`);
}

function list(title, tells, statements, shown) {
  if (!statements.length) return [];
  const count = statements.length > shown ? h("span", { class: "dim" }, ` (${shown} of ${statements.length})`) : null;
  return [h("div", {}, h("h4", {}, title, count), h("ol", {}, statements.slice(0, shown).map((one) => line(one, tells(one)))))];
}

function line({ statement, calls }, numbers) {
  const often = `${value(calls)} ${calls === 1 ? "call" : "calls"} since`;
  return h("li", {}, h("span", { class: "rise" }, numbers, h("span", { class: "dim" }, `, ${often}`)),
    h("code", {}, statement.length > LONGEST ? `${statement.slice(0, LONGEST)}…` : statement || "a statement whose text is not known"));
}

/** "4.1 ms → 46 ms, ×11" */
function rise(before, now) {
  const factor = before > 0 ? [", ", h("b", {}, `×${value(now / before)}`)] : [];
  return [`${value(before, "ms")} → ${value(now, "ms")}`, ...factor];
}
