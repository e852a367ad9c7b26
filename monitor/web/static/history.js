// What happened to a watch: its events, why a rollback did not happen, and what people were told.

import { ofWatch } from "./api.js";
import { h, fill } from "./dom.js";
import { line, worthTelling } from "./happened.js";
import { reasons } from "./why.js";
import { clock } from "./words.js";

const EVENTS_KEPT = 500; // newest; a day with a restless metric has more
const SHOWN = 12;
const TOLD = 6; // alerts until all are asked for
const PAGE = 1000; // events of one answer
const PAGES = 20;
const AGAIN = 15000; // milliseconds between looks while nothing visible changed
const SOON = 2000; // ... while what changed may not be stored yet
const RETRY = 5000; // ... after a failure
const HOT = 12000; // milliseconds for which a change is looked for so often

export class History {
  constructor(watch) {
    this.watch = watch;
    this.events = [];
    this.alerts = [];
    this.after = 0;
    this.all = false;
    this.allTold = false;
    this.read = false;
    this.why = h("div");
    this.list = h("div");
    this.told = h("div");
    this.trouble = h("p", { class: "no", role: "status" });
    this.whyPart = h("section", { class: "why" }, h("h3", {}, "Why it hasn't rolled back yet"), this.why);
    this.toldPart = h("section", { class: "told" }, h("h3", {}, "Alerts sent"), this.told);
    this.listPart = h("section", {}, h("h3", {}, "What happened"), this.trouble, this.list);
    this.known = "";
    this.asked = 0;
    this.hotUntil = 0;
  }

  /** Something about the watch changed that leaves events behind: they are stored a moment later. */
  show(watch) {
    this.watch = watch;
    const blind = Object.values(watch.metrics ?? {}).map((metric) => Boolean(metric.blind));
    const streaks = watch.streaks?.map((s) => [s.rule, s.since, s.state]);
    const key = JSON.stringify([watch.phase, watch.verdict, streaks, blind, watch.readiness?.ok, watch.superseded, watch.attempt?.at, watch.aftermath]);
    if (key !== this.known) this.hotUntil = Date.now() + HOT;
    this.known = key;
    this.drawWhy();
    this.look();
  }

  /** Asks, if it is time; call it as often as you like. */
  look() {
    const now = Date.now();
    const awaited = this.watch.aftermath && this.watch.aftermath.said_at === null;
    const settled = this.read && this.watch.verdict !== null && !awaited && now > this.hotUntil && !this.trouble.textContent;
    const wait = this.trouble.textContent ? RETRY : now < this.hotUntil ? SOON : AGAIN;
    if (!settled && !this.asking && now - this.asked >= wait) this.ask();
  }

  async ask() {
    this.asking = true;
    this.asked = Date.now();
    try {
      await this.more();
      this.alerts = (await ofWatch(this.watch.id, "alerts?limit=200")).alerts;
      this.read = true;
      this.trouble.textContent = "";
    } catch (error) {
      this.trouble.textContent = `Can't be read now: ${error.message}`;
    }
    this.asking = false;
    this.draw();
  }

  async more() {
    for (let page = 0; page < PAGES; page += 1) {
      const { events } = await ofWatch(this.watch.id, `events?after=${this.after}&limit=${PAGE}`);
      if (!events.length) return;
      this.after = events.at(-1).id;
      this.events = [...this.events, ...events].slice(-EVENTS_KEPT);
      if (events.length < PAGE) return;
    }
  }

  draw() {
    const events = worthTelling(this.events);
    const shown = this.all ? events : events.slice(-SHOWN);
    fill(this.list, [shown.length, events.length, events.at(-1)?.id, this.all, this.read], () => [
      events.length ? h("ol", { class: "events" }, [...shown].reverse().map((event) => line(event))) : h("p", { class: "dim" }, this.read ? "Nothing yet." : "Asking…"),
      more(events.length, shown.length, () => { this.all = true; this.draw(); }),
    ]);
    this.drawWhy();
    this.drawTold();
  }

  drawWhy() {
    const { watch, events } = this;
    fill(this.why, [events.at(-1)?.id, this.read, watch.told?.why_not], () => reasons(watch, events, this.read));
  }

  drawTold() {
    const messages = told(this.alerts);
    const shown = this.allTold ? messages : messages.slice(0, TOLD);
    fill(this.told, [this.alerts, this.allTold, this.read], () => [
      messages.length ? h("ol", { class: "events" }, shown) : h("p", { class: "dim" }, this.read ? "None so far." : "Asking…"),
      more(messages.length, shown.length, () => { this.allTold = true; this.drawTold(); }),
    ]);
  }

  /** Stretches of time in which a rule of the metric was breached: from, to (null: still), action. */
  streaks(metric) {
    const { watch } = this;
    const [found, open] = [[], new Map()];
    for (const { kind, at, detail } of this.events) {
      if (!detail?.rule?.startsWith(`${metric}.`)) continue;
      const action = detail.rule.slice(metric.length + 1);
      if (kind === "pending") open.set(action, detail.since ?? at);
      if (kind === "firing") open.set(action, detail.since);
      if (kind !== "cleared") continue;
      open.delete(action);
      found.push({ from: detail.since, to: at, action });
    }
    if (watch.verdict !== null) return [...found, ...[...open].map(([action, from]) => ({ from, to: watch.verdict_at, action }))];
    const now = (watch.streaks ?? []).filter((streak) => streak.metric === metric);
    return [...found, ...now.map((streak) => ({ from: streak.since, to: null, action: streak.action }))];
  }
}

const more = (all, shown, show) => (all > shown ? h("button", { type: "button", class: "plain", onclick: show }, `Show all ${all}`) : null);

/** One line for each message, with the channels it went to. */
function told(alerts) {
  const lines = new Map();
  for (const alert of alerts) {
    const key = `${alert.at} ${alert.title}`;
    lines.set(key, [...(lines.get(key) ?? []), alert]);
  }
  return [...lines.values()].map((same) =>
    h("li", {}, h("time", { datetime: new Date(same[0].at * 1000).toISOString() }, clock(same[0].at)), h("span", {}, `${same[0].title} `, h("span", { class: "dim" }, same.map(fate).join(", ")))));
}

function fate({ channel, delivered_at: delivered, given_up_at: givenUp, attempts, error }) {
  if (delivered !== null) return `✓ ${channel}`;
  const why = error ? ` (${error})` : "";
  return givenUp !== null ? `✗ ${channel}, given up after ${attempts}${why}` : `… ${channel}, on its way${why}`;
}
