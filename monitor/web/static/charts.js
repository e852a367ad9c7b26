// The live charts of one watch: history from the daemon in a bounded number of slots, news as they come.

import { ofWatch } from "./api.js";
import { h, fill, say } from "./dom.js";
import { awaited } from "./level.js";
import { colours, limitsOf, paint, top } from "./marks.js";
import { ahead, clock, metricName, span, tick, value } from "./words.js";

const ORDER = ["error_rate", "response_time", "connections", "query_latency"]; // as the README has the thresholds
const SLOTS = 400; // of one answer: about one for each two pixels
const POINTS = 1200; // more than this, and the daemon is asked for a summary again
const BEFORE = 1800; // seconds before the migration that are drawn, too: what was normal then
const HEIGHT = 150;
const PADDING = 18; // pixels right of the chart
const MAX_GAP = 30; // seconds without a sample that are still joined, when the daemon does not say
const AGAIN = 5000; // milliseconds between looks after a failure, and while a rollback's help is awaited
const HALF = 26; // pixels that half of a time of day needs beside its tick
const STEPS = [1, 5, 10, 30, 60, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400]; // seconds, as on a clock

export class Charts {
  constructor(watch, seconds, history) {
    this.watch = watch;
    this.seconds = seconds;
    this.history = history;
    this.charts = new Map();
    this.trouble = h("p", { class: "no", role: "status" });
    this.grid = h("div", { class: "charts" });
    this.root = h("div", { role: "group", "aria-label": "metrics" }, this.trouble, this.grid);
    this.resized = new ResizeObserver(() => this.charts.forEach((chart) => chart.resize()));
    this.resized.observe(this.grid);
    this.load();
  }

  show(watch) {
    this.watch = watch;
    for (const [name, metric] of Object.entries(watch.metrics ?? {}).sort(inOrder)) {
      let chart = this.charts.get(name);
      if (!chart) {
        chart = new Chart(name, metric, () => this.history.streaks(name), () => this.told(name));
        this.charts.set(name, chart);
        this.grid.append(chart.root);
        if (this.found) chart.load(this.found.metrics[name], this.found.step, this.gap());
      }
      if (watch.verdict === null) chart.news(metric, watch.updated_at);
      chart.verdictAt = watch.verdict_at;
      chart.startedAt = watch.started_at;
      chart.head(watch.verdict === null);
    }
    if (Math.max(0, ...[...this.charts.values()].map((chart) => chart.at.length)) > POINTS) this.load();
  }

  /** What is said of a metric: how it is, what is proven of it, the evidence of its gravest counted streak. */
  told(name) {
    const { told, verdict, streaks } = this.watch;
    const counted = verdict === null ? (streaks ?? []).find((streak) => streak.metric === name && streak.evidence) : null;
    return { how: told?.conditions[name] ?? ["", ""], proven: told?.proven[name], evidence: told?.evidence[counted?.rule] };
  }

  /** What is shown: the chosen span, and of what was measured before the migration at most BEFORE. */
  window(now) {
    const { verdict_at: verdict, aftermath } = this.watch;
    const end = verdict === null ? now : Math.max(verdict, Math.min(now, aftermath?.until ?? 0));
    const { started_at: started } = this.watch;
    const start = Math.max(started - BEFORE, Math.min(started, this.first ?? started), this.seconds ? end - this.seconds : 0);
    return [start, Math.max(end, start + 10)];
  }

  gap() {
    return this.watch.times?.max_gap_seconds ?? MAX_GAP;
  }

  range(seconds) {
    this.seconds = seconds;
    this.load();
  }

  /** Asks again where news do not come by themselves; call it as often as you like. */
  look() {
    const wanted = this.trouble.textContent || awaited(this.watch) || this.owing;
    if (!wanted || this.loading || Date.now() - this.asked < AGAIN) return;
    this.owing = awaited(this.watch); // once more after the last of it
    this.load();
  }

  async load() {
    if (this.loading) return;
    this.loading = true;
    this.asked = Date.now();
    const seconds = this.seconds;
    const since = Math.max(this.watch.started_at - BEFORE, seconds ? this.window(Date.now() / 1000)[1] - seconds : 0);
    try {
      this.found = await ofWatch(this.watch.id, `chart?since=${since.toFixed(3)}&slots=${SLOTS}`);
      for (const [name, chart] of this.charts) chart.load(this.found.metrics[name], this.found.step, this.gap());
      this.first = Math.min(...Object.values(this.found.metrics).map(({ at }) => at[0] ?? Infinity));
      this.trouble.textContent = "";
    } catch (error) {
      this.trouble.textContent = `The past can't be drawn now: ${error.message}`;
    }
    this.loading = false;
    if (seconds !== this.seconds) this.load();
    else this.advance(this.now ?? Date.now() / 1000, this.silent ?? null);
  }

  /** `silent`: since when there is no update from the daemon; what follows is hatched. */
  advance(now, silent) {
    this.now = now;
    this.silent = silent;
    const [from, to] = this.window(now);
    if (!document.hidden) this.charts.forEach((chart) => chart.advance(from, to, silent));
  }

  recolour() {
    this.charts.forEach((chart) => chart.rebuild());
    if (this.now) this.advance(this.now, this.silent);
  }

  close() {
    this.resized.disconnect();
    this.charts.forEach((chart) => chart.plot?.destroy());
  }
}

/** What rolls back comes first; the store and the daemon list metrics in orders of their own. */
function inOrder([a], [b]) {
  const [x, y] = [a, b].map((name) => (ORDER.includes(name) ? ORDER.indexOf(name) : ORDER.length));
  return x - y || (a < b ? -1 : 1);
}

class Chart {
  constructor(name, metric, streaks, told) {
    this.name = name;
    this.metric = metric;
    this.streaks = streaks;
    this.told = told;
    this.at = [];
    this.values = [];
    this.shown = h("span", { class: "now" });
    this.how = h("span", { class: "how" });
    this.counted = h("span", { class: "counted dim" });
    this.canvas = h("div", { class: "plot", role: "img" });
    this.limits = h("p", { class: "limits" });
    this.root = h("figure", {}, h("figcaption", {}, h("span", { class: "name" }, metricName(name)), this.shown, this.how, this.counted), this.canvas, this.limits);
  }

  /** What the daemon summed up: the worst of each slot; where nothing was measured, nothing is joined. */
  load(columns, step, gap) {
    const newer = columns ? this.at.filter((at) => at > (columns.at.at(-1) ?? 0)) : [];
    const values = this.values.slice(this.values.length - newer.length);
    this.at = [];
    this.values = [];
    this.gap = Math.max(gap, 2.5 * step);
    columns?.at.forEach((at, index) => this.add(at, columns.high[index]));
    newer.forEach((at, index) => this.add(at, values[index]));
    if (this.live !== undefined) this.head(this.live);
  }

  news(metric, updated) {
    this.metric = metric;
    const at = metric.value === null ? updated : metric.at;
    if (typeof at === "number" && at > (this.at.at(-1) ?? 0)) this.add(at, metric.value);
  }

  add(at, number) {
    const last = this.at.at(-1);
    if (last !== undefined && at - last > (this.gap ?? MAX_GAP)) {
      this.at.push((last + at) / 2);
      this.values.push(null);
    }
    this.at.push(at);
    this.values.push(number);
  }

  head(live) {
    const [metric, told] = [this.metric, this.told()];
    this.live = live;
    const after = !live && this.at.at(-1) > this.verdictAt; // a rollback is followed on for a while
    say(this.shown, this.pointed ?? value(after ? this.values.at(-1) : metric.value, metric.unit));
    const [word, kind] = this.silent ? ["last known", "dim"] : live ? told.how : [after ? "after the rollback" : "at the end", "dim"];
    say(this.how, this.pointed ? "" : word);
    this.how.className = `how ${kind}`;
    say(this.counted, [told.evidence, told.proven].filter(Boolean).join(" · "));
    this.legend();
  }

  /** What the lines mean, and the shade where there is one. */
  legend() {
    const entry = (kind, text) => h("span", {}, h("i", { class: kind, "aria-hidden": "true" }), text);
    const shaded = this.streaks().some(({ to }) => (to ?? Infinity) > (this.from ?? 0));
    fill(this.limits, [this.metric.rules, this.metric.limits, shaded], () => [
      ...limitsOf(this.metric).map(({ key, text }) => entry(`dash ${key}`, text)),
      ...(shaded ? [entry("shaded", "a limit was exceeded")] : []),
    ]);
  }

  advance(from, to, silent) {
    if (silent !== this.silent) {
      this.silent = silent;
      this.head(this.live);
    }
    const keep = this.at.findIndex((at) => at >= from);
    if (keep > 1) {
      this.at.splice(0, keep - 1);
      this.values.splice(0, keep - 1);
    }
    this.from = from;
    this.to = to;
    this.legend();
    if (!this.plot) this.rebuild();
    if (!this.plot) return;
    this.top = top(this.metric, this.values);
    this.plot.batch(() => {
      this.plot.setData([this.at, this.values], false);
      this.plot.setScale("x", { min: from, max: to });
      this.plot.setScale("y", { min: 0, max: this.top });
    });
    const worst = Math.max(...this.values.filter((v) => v !== null));
    const when = silent ? "last known" : this.live ? "now" : "at the end";
    const said = `${metricName(this.name)}, last ${span(to - from)}: worst ${value(worst, this.metric.unit)}, ${when} ${value(this.metric.value, this.metric.unit)}. ${limitsOf(this.metric).map(({ text }) => text).join("; ")}.`;
    if (this.canvas.getAttribute("aria-label") !== said) this.canvas.setAttribute("aria-label", said);
  }

  resize() {
    const width = this.canvas.clientWidth;
    if (this.plot && width && width !== this.plot.width) this.plot.setSize({ width, height: HEIGHT });
  }

  rebuild() {
    this.plot?.destroy();
    this.plot = null;
    const width = this.canvas.clientWidth;
    if (!width) return;
    const colour = colours();
    const axis = { stroke: colour.dim, font: colour.font, grid: { stroke: colour.line, width: 1 }, ticks: { show: false } };
    this.plot = new uPlot({
      width,
      height: HEIGHT,
      legend: { show: false },
      tzDate: (at) => uPlot.tzDate(new Date((at + ahead(at)) * 1000), "Etc/UTC"),
      cursor: { y: false, drag: { x: false, y: false }, points: { size: 6 } },
      padding: [12, PADDING, 0, 0],
      scales: { x: { time: true, auto: false, range: () => [this.from, this.to] }, y: { auto: false, range: () => [0, this.top ?? 1] } },
      axes: [
        { ...axis, size: 22, space: 70, incrs: STEPS, values: (plot, ticks, __, ___, step) => ticks.map((at) => (fits(plot, at) ? tick(at, step) : "")) },
        { ...axis, size: 54, space: 34, values: (_, ticks) => ticks.map((v) => value(v, this.metric.unit)) },
      ],
      series: [{}, { stroke: colour.data, width: 1.75, fill: colour.below, spanGaps: false, points: { show: false } }],
      hooks: {
        drawClear: [(plot) => paint.under(plot, this, colours())],
        draw: [(plot) => paint.over(plot, this, colours())],
        setCursor: [(plot) => this.point(plot.cursor.idx)],
      },
    }, [this.at, this.values], this.canvas);
  }

  /** The value under the pointer, instead of the latest. */
  point(index) {
    const at = index === null || index === undefined ? undefined : this.at[index];
    this.pointed = at === undefined ? null : `${value(this.values[index], this.metric.unit)} at ${clock(at)}`;
    this.head(this.live);
  }
}

/** Whether a time of day at this place is not cut off at the right. */
const fits = (plot, at) => plot.valToPos(at, "x") + HALF < plot.bbox.width / devicePixelRatio + PADDING;
