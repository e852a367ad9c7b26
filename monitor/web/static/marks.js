// What is drawn beside the line: limits with their words, streaks shaded, hatching where nothing was measured.

import { span, value } from "./words.js";

const DASHES = { warn: [2, 4], investigate: [8, 4], rollback: [] };
const KEYS = { warn: "normal below", investigate: "investigate above", rollback: "roll back above" };
const DOES = { warn: "warns after", investigate: "alerts after", rollback: "rolls back after" };
const HEADROOM = 1.25;

/** Colours of the page as it is now, light or dark. */
export function colours() {
  const style = getComputedStyle(document.documentElement);
  const of = (name) => style.getPropertyValue(`--${name}`).trim();
  const found = Object.fromEntries(["data", "below", "line", "dim", "text", "card", "no", "warn", "hatch", "shade"].map((name) => [name, of(name)]));
  return { ...found, font: `11px ${style.getPropertyValue("--font")}` };
}

/** Limits of a metric in words, gravest last: key, at, text. */
export function limitsOf(metric) {
  return [...(metric.rules ?? [])].reverse().map(({ action, limit, hold_seconds: hold }) => ({
    key: action,
    at: limit,
    text: `${KEYS[action]} ${value(limit, metric.unit)} (${DOES[action]} ${span(hold)})`,
  }));
}

/** Upper end of the scale: every limit is seen, and all of the line. */
export function top(metric, values) {
  const limit = Math.max(0, ...(metric.rules ?? []).map((rule) => rule.limit));
  const worst = Math.max(0, ...values.filter((v) => v !== null));
  if (!limit) return worst * HEADROOM || 1;
  return Math.max(limit * HEADROOM, worst * 1.1);
}

function box(plot) {
  const { left, top: up, width, height } = plot.bbox;
  return { left, up, width, height, right: left + width, down: up + height };
}

function x(plot, at) {
  const { left, right } = box(plot);
  return Math.min(right, Math.max(left, plot.valToPos(at, "x", true)));
}

export const paint = {
  /** Below the line: streaks and hatching. */
  under(plot, chart, colour) {
    const { ctx } = plot;
    const { up, height } = box(plot);
    for (const { from, to, action } of chart.streaks()) {
      const [a, b] = [x(plot, from), x(plot, to ?? chart.silent ?? chart.to)];
      if (b <= a) continue;
      ctx.save();
      ctx.globalAlpha = action === "rollback" ? 1 : 0.5;
      ctx.fillStyle = colour.shade;
      ctx.fillRect(a, up, b - a, height);
      if (action === "rollback") {
        ctx.fillStyle = colour.no;
        ctx.fillRect(a, up, b - a, 2 * devicePixelRatio);
        ctx.fillRect(a, up, devicePixelRatio, height);
      }
      ctx.restore();
    }
    for (const [from, to] of unmeasured(chart)) hatch(plot, x(plot, from), x(plot, to), colour, "no data");
    if (chart.silent) hatch(plot, x(plot, Math.min(chart.silent, chart.at.at(-1) ?? chart.silent)), x(plot, chart.to), colour, "no update");
  },

  /** Above the line: limits (their words are below the chart), the migration, the end. */
  over(plot, chart, colour) {
    const { ctx } = plot;
    const { left, right, up, down } = box(plot);
    const unit = devicePixelRatio;
    ctx.save();
    ctx.font = `${11 * unit}px ${colour.font.slice(5)}`;
    for (const { key, at } of limitsOf(chart.metric)) {
      const y = plot.valToPos(at, "y", true);
      if (y < up || y > down) continue;
      ctx.strokeStyle = key === "warn" ? colour.dim : key === "investigate" ? colour.warn : colour.no;
      ctx.lineWidth = (key === "rollback" ? 2 : 1.25) * unit;
      ctx.setLineDash(DASHES[key].map((dash) => dash * unit));
      ctx.beginPath();
      ctx.moveTo(left, y);
      ctx.lineTo(right, y);
      ctx.stroke();
    }
    if (chart.startedAt > chart.from && chart.startedAt < chart.to) {
      const at = x(plot, chart.startedAt);
      upright(plot, at, colour.dim, [3 * unit, 3 * unit]);
      ctx.textAlign = at - left > (right - left) / 2 ? "right" : "left";
      lettering(ctx, "migration", at + (ctx.textAlign === "right" ? -4 : 4) * unit, up + 11 * unit, colour);
    }
    // right of the end is seen whether the rollback helped
    if (chart.verdictAt && chart.verdictAt < chart.to) upright(plot, x(plot, chart.verdictAt), colour.text, []);
    ctx.restore();
  },
};

/** A moment, from top to bottom. */
function upright(plot, at, stroke, dash) {
  const { ctx } = plot;
  const { up, down } = box(plot);
  ctx.strokeStyle = stroke;
  ctx.lineWidth = 1.5 * devicePixelRatio;
  ctx.setLineDash(dash);
  ctx.beginPath();
  ctx.moveTo(at, up);
  ctx.lineTo(at, down);
  ctx.stroke();
}

/** Text with a rim of the background, so that it is read over any line. */
function lettering(ctx, text, at, y, colour) {
  ctx.setLineDash([]);
  ctx.lineJoin = "round";
  ctx.lineWidth = 3 * devicePixelRatio;
  ctx.strokeStyle = colour.card;
  ctx.strokeText(text, at, y);
  ctx.fillStyle = colour.text;
  ctx.fillText(text, at, y);
}

/** From the last value before to the first value after each stretch without values. */
function* unmeasured({ at, values, from, to }) {
  let start = null;
  for (let i = 0; i < at.length; i += 1) {
    if (values[i] === null) start ??= i ? at[i - 1] : Math.max(from, at[i]);
    else if (start !== null) {
      yield [start, at[i]];
      start = null;
    }
  }
  if (start !== null) yield [start, to];
}

function hatch(plot, a, b, colour, word) {
  if (b - a < 1) return;
  const { ctx } = plot;
  const { up, height } = box(plot);
  ctx.save();
  ctx.beginPath();
  ctx.rect(a, up, b - a, height);
  ctx.clip();
  ctx.strokeStyle = colour.hatch;
  ctx.lineWidth = devicePixelRatio;
  const step = 7 * devicePixelRatio;
  ctx.beginPath();
  for (let at = a - height - ((a - height) % step); at < b; at += step) {
    ctx.moveTo(at, up + height);
    ctx.lineTo(at + height, up);
  }
  ctx.stroke();
  ctx.font = `${11 * devicePixelRatio}px ${colour.font.slice(5)}`;
  ctx.textAlign = "center";
  if (b - a > 60 * devicePixelRatio) lettering(ctx, word, (a + b) / 2, up + height / 2, colour);
  ctx.restore();
}
