// What changed in the database since the watch began: asked for while the watch is unfolded, and never
// more often than the daemon compares. What it draws has an upper bound, whatever comes.

import { ofWatch } from "./api.js";
import { h, fill, say } from "./dom.js";
import { clock } from "./words.js";

const AGAIN = 30000; // milliseconds; the daemon compares every 30 s
const FIRST = 3; // lines of each list until all are asked for
const MOST = 10; // lines of a list, and all that come
const CLAMPED = 70; // characters that fit on the two lines it is given at first, on a phone

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
      const { changes, told: words } = await ofWatch(this.watch.id, "changes");
      this.known = changes && words ? { ...words, at: changes.at, since: changes.since } : null;
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
function hides({ tables, indexes }) {
  return indexes.length > FIRST || tables.some(({ count, rows }) => count > FIRST || rows.some(({ statement }) => statement.length > CLAMPED));
}

function told({ waits, indexes, notes, asides, tables }, all) {
  const shown = all ? MOST : FIRST;
  return [
    lines([...waits.map((text) => h("li", { class: "no" }, `✗ ${text}`)), ...indexes.slice(0, shown).map(invalid)]),
    notes.map((text) => h("p", {}, text)),
    asides.map((text) => h("p", { class: "dim" }, text)),
    tables.length ? h("div", { class: "lists" }, tables.map((table) => list(table, shown))) : null,
  ].flat();
}

const lines = (items) => (items.length ? h("ul", { class: "reasons" }, items) : null);

const invalid = ([text, since]) => h("li", { class: since ? "no" : "dim" }, since ? `✗ ${text}` : text);

function list({ title, count, rows }, shown) {
  const part = count > shown ? h("span", { class: "dim" }, ` (${shown} of ${count})`) : null;
  return h("div", {}, h("h4", {}, title, part), h("ol", {}, rows.slice(0, shown).map(line)));
}

/** "4.1 ms → 46 ms, ×11, 40 calls since" */
function line({ rise, factor, often, statement }) {
  return h("li", {}, h("span", { class: "rise" }, rise, factor ? [", ", h("b", {}, factor)] : null, h("span", { class: "dim" }, `, ${often}`)), h("code", {}, statement));
}
