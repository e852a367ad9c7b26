// What happened to a watch: its events, why a rollback did not happen, and what people were told.

import { ofWatch } from "./api.js";
import { h, fill } from "./dom.js";
import { VERDICTS, clock, metricName, span, value } from "./words.js";

const EVENTS_KEPT = 500; // newest; a day with a restless metric has more
const SHOWN = 12;
const PAGE = 1000; // events of one answer
const PAGES = 20;
const AGAIN = 15000; // milliseconds between looks while nothing visible changed

export class History {
  constructor(watch) {
    this.watch = watch;
    this.events = [];
    this.after = 0;
    this.all = false;
    this.why = h("div");
    this.list = h("div");
    this.told = h("div");
    this.trouble = h("p", { class: "no", role: "status" });
    this.whyPart = h("section", { class: "why" }, h("h3", {}, "Why no rollback"), this.why);
    this.toldPart = h("section", { class: "told" }, h("h3", {}, "Alerts sent"), this.told);
    this.listPart = h("section", {}, h("h3", {}, "What happened"), this.trouble, this.list);
    this.known = "";
    this.asked = 0;
  }

  /** Asks again when something about the watch changed that leaves events behind, or now and then. */
  show(watch) {
    this.watch = watch;
    const key = JSON.stringify([watch.phase, watch.verdict, watch.streaks?.map((s) => [s.rule, s.since, s.state]), watch.readiness?.ok]);
    const stale = watch.verdict === null && Date.now() - this.asked > AGAIN;
    if (key === this.known && !stale) return;
    this.known = key;
    this.ask();
  }

  async ask() {
    if (this.asking) {
      this.again = true;
      return;
    }
    this.asking = true;
    this.asked = Date.now();
    try {
      await this.more();
      const { alerts } = await ofWatch(this.watch.id, "alerts?limit=200");
      fill(this.told, alerts, () => told(alerts));
      this.trouble.textContent = "";
    } catch (error) {
      this.trouble.textContent = `Can't be read now: ${error.message}`;
    }
    this.asking = false;
    this.draw();
    if (this.again) {
      this.again = false;
      setTimeout(() => this.ask(), 1000);
    }
  }

  async more() {
    for (let page = 0; page < PAGES; page += 1) {
      const { events } = await ofWatch(this.watch.id, `events?after=${this.after}&limit=${PAGE}`);
      if (!events.length) return;
      this.after = events.at(-1).id;
      this.events = [...this.events, ...events.filter(({ kind }) => !TWICE.includes(kind))].slice(-EVENTS_KEPT);
      if (events.length < PAGE) return;
    }
  }

  draw() {
    const { watch, events } = this;
    const units = Object.fromEntries(Object.entries(watch.metrics ?? {}).map(([name, m]) => [name, m.unit]));
    fill(this.why, [events.at(-1)?.id, watch.verdict, watch.mode, watch.superseded], () => reasons(watch, events, units));
    const shown = this.all ? events : events.slice(-SHOWN);
    fill(this.list, [shown.length, events.at(-1)?.id, this.all], () => [
      events.length ? h("ol", { class: "events" }, [...shown].reverse().map((event) => line(event, units))) : h("p", { class: "dim" }, "Nothing yet."),
      events.length > shown.length
        ? h("button", { type: "button", class: "plain", onclick: () => { this.all = true; this.draw(); } }, `Show all ${events.length}`)
        : null,
    ]);
  }

  /** Stretches of time in which a rule of the metric was breached: from, to (null: still), action. */
  streaks(metric) {
    const found = [];
    for (const { kind, at, detail } of this.events) {
      if (!detail?.rule?.startsWith(`${metric}.`)) continue;
      const action = detail.rule.slice(metric.length + 1);
      if (kind === "cleared") found.push({ from: detail.since, to: at, action });
      if (kind === "firing" && this.watch.verdict !== null) found.push({ from: detail.since, to: this.watch.verdict_at, action });
    }
    for (const streak of this.watch.verdict === null ? (this.watch.streaks ?? []) : [])
      if (streak.metric === metric) found.push({ from: streak.since, to: null, action: streak.action });
    return found;
  }
}

const ruleWords = (rule = "") => {
  const [metric, action] = [rule.slice(0, rule.lastIndexOf(".")), rule.slice(rule.lastIndexOf(".") + 1)];
  return { metric, name: metricName(metric), action };
};

const LIMITS = { rollback: "the rollback limit", investigate: "the investigate limit", warn: "its normal range" };
const ACTS = { rollback: "time to roll back", investigate: "people are alerted", warn: "people are told" };
const ENDS = { gap: "a gap in the samples", paused: "a pause", rearmed: "a newer watch" };

function endedBy(detail, units) {
  const { metric } = ruleWords(detail.rule);
  if (typeof detail.value === "number") return value(detail.value, units[metric]);
  return ENDS[detail.reason] ?? "recovery";
}

function reasons(watch, events, units) {
  if (watch.verdict === "rolled_back") return h("p", { class: "dim" }, "It was rolled back.");
  const found = events.map((event) => why(event, units)).filter(Boolean).slice(-6).reverse();
  if (watch.superseded) found.unshift("A newer migration on this target has taken over.");
  else if (watch.mode === "observe") found.unshift("It only observes.");
  if (!found.length) return h("p", { class: "dim" }, "No rollback limit was crossed so far.");
  return h("ul", {}, found.map((text) => h("li", {}, text)));
}

function why({ kind, at, detail }, units) {
  const { name, action } = ruleWords(detail?.rule);
  if (kind === "cleared" && action === "rollback")
    return `${clock(at)}: ${name} streak ${span(at - detail.since)}, ended by ${endedBy(detail, units)}`;
  if (kind === "withdrawn") return `${clock(at)}: the rollback was withdrawn, ${detail.reason}`;
  if (kind === "would_roll_back") return `${clock(at)}: it would have rolled back for ${name}`;
  return null;
}

const TWICE = ["rollback_intent", "rollback_effect"]; // what intent and outcome say too

const LINES = {
  registered: ({ mode }) => `registered, mode ${mode}`,
  pending: ({ rule }) => `${ruleWords(rule).name} is beyond ${LIMITS[ruleWords(rule).action] ?? rule}`,
  firing: ({ rule, since }, at) => `${ruleWords(rule).name} was beyond ${LIMITS[ruleWords(rule).action] ?? rule} for ${span(at - since)}: ${ACTS[ruleWords(rule).action] ?? "it acts"}`,
  cleared: (detail, at, units) => `${ruleWords(detail.rule).name}, ${ruleWords(detail.rule).action}: streak ${span(at - detail.since)}, ended by ${endedBy(detail, units)}`,
  blind: ({ metric }) => `${metricName(metric)} can't be seen`,
  sighted: ({ metric }) => `${metricName(metric)} is seen again`,
  started: () => "the daemon has begun to watch",
  intent: () => "the rollback begins: from here on it can't be stopped",
  rollback_decided: ({ by, rule }) => (by ? `rollback decided, asked for by ${by}` : `rollback decided: ${ruleWords(rule).name}`),
  approval_requested: ({ rule }) => `a person is asked to approve the rollback: ${ruleWords(rule).name}`,
  would_roll_back: ({ rule }) => `would have rolled back: ${ruleWords(rule).name}`,
  withdrawn: ({ reason }) => `rollback withdrawn: ${reason}`,
  control: ({ control, by, reason }) => `${control} by ${by}${reason ? `: ${reason}` : ""}`,
  control_ignored: ({ control, phase }) => `${control} came too late: ${phase.replaceAll("_", " ")}`,
  ended: ({ verdict, reason }) => `${VERDICTS[verdict] ?? verdict}${reason ? `: ${reason}` : ""}`,
};

function line(event, units) {
  const say = LINES[event.kind] ?? (event.kind.startsWith("outcome_") ? outcome(event.kind) : null);
  const text = say ? say(event.detail ?? {}, event.at, units) : other(event);
  return h("li", {}, h("time", { datetime: new Date(event.at * 1000).toISOString() }, clock(event.at)), h("span", {}, text));
}

const outcome = (kind) => ({ seconds, reason }) =>
  `outcome: ${kind.slice("outcome_".length).replaceAll("_", " ")}${seconds ? ` in ${span(seconds)}` : ""}${reason ? `, ${reason}` : ""}`;

/** A kind without a sentence of its own: its name and its plain details. */
function other({ kind, detail }) {
  const plain = Object.entries(detail ?? {}).filter(([, v]) => ["string", "number", "boolean"].includes(typeof v) && v !== "");
  const text = plain.map(([name, v]) => `${name.replaceAll("_", " ")} ${v}`).join(", ");
  const short = text.length > 200 ? `${text.slice(0, 200)}…` : text;
  return `${kind.replaceAll("_", " ")}${short ? `: ${short}` : ""}`;
}

/** One line for each message, with the channels it went to. */
function told(alerts) {
  if (!alerts.length) return h("p", { class: "dim" }, "None so far.");
  const lines = new Map();
  for (const alert of alerts) {
    const key = `${alert.at} ${alert.title}`;
    lines.set(key, [...(lines.get(key) ?? []), alert]);
  }
  return h("ol", { class: "events" }, [...lines.values()].slice(0, 40).map((same) =>
    h("li", {}, h("time", { datetime: new Date(same[0].at * 1000).toISOString() }, clock(same[0].at)), h("span", {}, `${same[0].title} `, h("span", { class: "dim" }, same.map(fate).join(", "))))));
}

function fate({ channel, delivered_at: delivered, given_up_at: givenUp, attempts, error }) {
  if (delivered !== null) return `✓ ${channel}`;
  const why = error ? ` (${error})` : "";
  return givenUp !== null ? `✗ ${channel}, given up after ${attempts}${why}` : `… ${channel}, on its way${why}`;
}
