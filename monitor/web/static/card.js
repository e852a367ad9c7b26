// One watch: its sentence first, then what it stands on. What is folded costs nothing.

import { Changes } from "./changes.js";
import { Charts } from "./charts.js";
import { actions } from "./dialog.js";
import { h, fill, say } from "./dom.js";
import { History } from "./history.js";
import { level } from "./level.js";
import { plan, readiness } from "./sections.js";
import { clock, ruleOf, span, zone } from "./words.js";

const MARKS = { alarm: "▲", notice: "◆", calm: "●", aside: "◇", back: "↺", over: "■" };
const SILENT = "○";
const ROLLING = ["rolling_back", "in_doubt"];
const RAN = ["rolled_back", "unverified", "resolved_externally"];

export class Card {
  constructor(watch, model, unfolded) {
    this.watch = watch;
    this.model = model;
    this.seconds = Number(document.querySelector("#range input:checked").value);
    this.state = h("span", { class: "state" });
    this.place = h("span", { class: "place" });
    this.sentence = h("p", { class: "outlook" });
    this.trigger = h("p", { class: "trigger" });
    this.body = h("div", { class: "body" });
    this.when = h("time", { class: "when" });
    this.root = h("details", { class: "watch", id: watch.id, ontoggle: () => this.fold() },
      h("summary", {}, h("div", { class: "line" }, this.state, this.place, this.when), h("h2", { class: "name" }, watch.migration), this.sentence, this.trigger),
      this.body);
    if (unfolded) this.root.open = true;
  }

  show(watch) {
    const changed = watch !== this.watch;
    this.watch = watch;
    const [grave, silent] = [level(watch), this.silent() !== null];
    this.root.className = `watch ${grave}${silent ? " silent" : ""}`;
    const { state = watch.phase, mode = "", trigger = "" } = watch.told ?? {};
    say(this.state, silent ? `${SILENT} no update, was ${state}` : `${MARKS[grave]} ${state}`);
    say(this.place, `on ${watch.target}${mode && ` · ${mode}`}`);
    say(this.trigger, silent || grave === "alarm" ? "" : trigger);
    this.trigger.hidden = !this.trigger.textContent;
    const over = watch.verdict !== null;
    say(this.when, over ? clock(watch.verdict_at) : "");
    if (over) this.when.setAttribute("datetime", new Date(watch.verdict_at * 1000).toISOString());
    this.tick();
    if (this.parts && (changed || !this.shownOnce)) this.update();
  }

  /** Since when nobody decides anything about this watch; null while somebody does, or it has ended. */
  silent() {
    return this.watch.verdict === null ? this.model.silentOf(this.watch.target) : null;
  }

  /** Every second: countdowns, and charts that move. Without word of the daemon nothing counts on. */
  tick() {
    this.say();
    if (!this.parts) return;
    this.left();
    this.countdown();
    if (this.model.silentSince() === null) this.look();
    this.readyPart.hidden = this.watch.verdict !== null || this.silent() !== null;
    this.parts.charts.advance(this.model.now(), this.silent());
  }

  /** Asks for what is due; of a daemon that is not there nothing is asked. */
  look() {
    this.parts.changes.look(this.watch);
    this.parts.history.look();
    this.parts.charts.look();
  }

  range(seconds) {
    this.seconds = seconds;
    this.parts?.charts.range(seconds);
  }

  recolour() {
    this.parts?.charts.recolour();
  }

  close() {
    this.parts?.charts.close();
    this.parts = null;
  }

  /** The daemon's sentence, with the time left when it speaks of a moment; or that there is no daemon. */
  say() {
    const since = this.silent();
    if (since !== null) return this.sayNothingIsDone(since);
    const { text = "", at = null } = this.watch.next ?? {};
    const left = at === null ? 0 : at - this.model.now();
    const [counted, over] = [left > 0, this.watch.verdict !== null];
    const first = counted && !over;
    fill(this.sentence, [text, counted, over], () => [
      first ? h("span", { class: "count" }) : "",
      first ? text.charAt(0).toLowerCase() + text.slice(1) : text,
      counted && over ? h("span", { class: "count" }) : "",
    ].filter((part) => part !== ""));
    if (counted) say(this.sentence.querySelector(".count"), over ? ` (in ${span(left)})` : `In ${span(left)}: `);
  }

  /** Who only lost the connection does not know that the daemon is gone. */
  sayNothingIsDone(since) {
    const unless = this.model.lost !== null ? ", unless only this page has lost it" : "";
    const text = `No update from the daemon since ${clock(since, this.model.now())} ${zone.name(since)}: no decisions and no rollbacks${unless}.`;
    fill(this.sentence, text, () => text);
  }

  fold() {
    if (!this.root.open) {
      this.close();
      this.body.replaceChildren();
    } else if (!this.parts) {
      this.build();
      this.update();
    }
  }

  build() {
    const part = (title, name) => {
      const box = h("div");
      return [box, h("section", { class: name }, h("h3", {}, title), box)];
    };
    const [ready, readyPart] = part("Ready to roll back?", "ready");
    const [sql, sqlPart] = part("What a rollback runs", "sql");
    const history = new History(this.watch);
    const charts = new Charts(this.watch, this.seconds, history);
    const changes = new Changes(this.watch);
    this.parts = { ready, sql, history, charts, changes, left: h("p", { class: "left" }), countdown: h("div", { class: "countdown" }), actions: h("div", { class: "actions" }) };
    this.body.append(this.parts.countdown, this.parts.left, this.parts.actions, charts.root, reportLink(this.watch.id),
      h("div", { class: "columns" }, h("div", {}, readyPart, history.whyPart, sqlPart, history.toldPart), h("div", {}, history.listPart)), changes.root);
    this.readyPart = readyPart;
    this.sqlPart = sqlPart;
  }

  update() {
    const { watch, parts } = this;
    this.shownOnce = true;
    this.left();
    this.countdown();
    const open = watch.verdict === null && this.model.controls;
    fill(parts.actions, [open, watch.phase, watch.mode, watch.superseded, watch.plan, watch.told?.plan, watch.streaks?.some((s) => s.action === "rollback")], () => (open ? actions(watch) : null));
    fill(parts.ready, watch.told?.ready, () => readiness(watch.told?.ready ?? []));
    fill(parts.sql, [watch.plan, watch.told?.plan], () => plan(watch));
    say(this.readyPart.querySelector("h3"), ROLLING.includes(watch.phase) ? "The rollback" : "Ready to roll back?");
    say(this.sqlPart.querySelector("h3"), RAN.includes(watch.verdict) ? "What the rollback ran" : "What a rollback runs");
    parts.history.whyPart.hidden = RAN.includes(watch.verdict) || ROLLING.includes(watch.phase);
    parts.history.show(watch);
    parts.changes.look(watch);
    parts.charts.show(watch);
  }

  left() {
    const { started_at: from, ends_at: planned, expected_at: expected, verdict_at: ended, reason } = this.watch;
    const now = this.silent() ?? this.model.now();
    const until = Math.max(planned, expected ?? 0);
    const text = ended !== null
      ? `Watched for ${span(ended - from)}, from ${clock(from)} to ${clock(ended)}.${reason ? ` Reason: ${reason}.` : ""}`
      : `Watched for ${span(now - from)} of ${span(planned - from)}, ${now < until ? `until ${clock(until, now)}` : "its time is over"}.`;
    say(this.parts.left, text);
  }

  /** How far each streak is on its way. */
  countdown() {
    const streaks = this.watch.verdict === null ? (this.watch.streaks ?? []) : [];
    const box = this.parts.countdown;
    fill(box, streaks.map((s) => [s.rule, s.since, s.hold_seconds, s.state]), () => streaks.map(bar));
    const now = this.silent() ?? this.model.now();
    streaks.forEach((streak, index) => {
      const [meter, label] = box.children[index].children;
      const age = Math.max(0, now - streak.since);
      meter.value = Math.min(age, streak.hold_seconds);
      const short = streak.still_so === false ? "not so at the latest reads" : streak.insufficient_evidence ? "too little traffic to decide" : "";
      const { name, action } = ruleOf(streak.rule);
      const goal = streak.state === "pending" ? `of ${span(streak.hold_seconds)}` : `(acts after ${span(streak.hold_seconds)})`;
      const said = `${name}, ${action}: exceeded for ${span(age)} ${goal}`;
      say(label, [said, this.watch.told?.evidence[streak.rule], short].filter(Boolean).join(", "));
    });
  }
}

function reportLink(id) {
  const href = `/api/v1/watches/${encodeURIComponent(id)}/report`;
  const link = h("a", { href: `#${encodeURIComponent(id)}` }, id);
  return h("p", { class: "report" }, h("a", { href }, "Report of this watch"), h("span", { class: "dim" }, " · link to it: "), link);
}

function bar(streak) {
  const name = `${streak.rule}, how far on its way`;
  return h("div", { class: `streak ${streak.action}` },
    h("progress", { max: Math.max(streak.hold_seconds, 0.001), "aria-label": name }), h("span", {}));
}
