// Numbers, times and names as people read them.

/** As the configuration, the alerts and the command line write it: one name, wherever it is read. */
export const metricName = (name) => String(name);

/** "error_rate.rollback" -> its metric and its action. */
export function ruleOf(rule) {
  const text = String(rule ?? "");
  const [metric, action] = [text.slice(0, text.lastIndexOf(".")), text.slice(text.lastIndexOf(".") + 1)];
  return { metric, name: metricName(metric), action };
}

/** 0.052 ratio -> "5.2 %", 120 time -> "120 ms"; a dash for what is not known. */
export function value(number, unit) {
  if (typeof number !== "number" || !Number.isFinite(number)) return "–";
  if (unit === "ratio") return `${short(number * 100)} %`;
  return unit === "time" || unit === "ms" ? `${short(number)} ms` : short(number);
}

function short(number) {
  const size = Math.abs(number);
  if (size >= 10000) return number.toLocaleString("en", { maximumFractionDigits: 0 });
  return String(Number(number.toPrecision(size >= 1000 ? 4 : 3)));
}

/** 72 -> "1 m 12 s": the two largest units that are not zero. */
export function span(seconds) {
  let left = Math.max(0, Math.round(seconds));
  const found = [];
  for (const [size, word] of [[86400, "d"], [3600, "h"], [60, "m"], [1, "s"]]) {
    const count = Math.floor(left / size);
    left -= count * size;
    if (count) found.push(`${count} ${word}`);
  }
  return found.slice(0, 2).join(" ") || "0 s";
}

const ZONE_KEY = "migration-monitor-zone";

/** Whose time is shown: UTC, as in alerts and on the command line, or this browser's on demand. */
export const zone = {
  local: () => localStorage.getItem(ZONE_KEY) === "local",
  /** "UTC", or "UTC+01:00" where the browser is. */
  name: (at = Date.now() / 1000) => (zone.local() ? offset(at) : "UTC"),
  turn: () => localStorage.setItem(ZONE_KEY, zone.local() ? "utc" : "local"),
};

const minutesEast = (seconds) => -new Date(seconds * 1000).getTimezoneOffset();

function offset(seconds) {
  const east = minutesEast(seconds);
  const [hours, minutes] = [Math.floor(Math.abs(east) / 60), Math.abs(east) % 60].map((part) => String(part).padStart(2, "0"));
  return `UTC${east < 0 ? "−" : "+"}${hours}:${minutes}`;
}

/** "2026-11-25T14:05:09" of a moment, in the zone that is shown. */
const written = (seconds) => new Date((seconds + (zone.local() ? minutesEast(seconds) * 60 : 0)) * 1000).toISOString();

/** Time of day in the zone that is shown; with the date when it is not today. */
export function clock(seconds, now = Date.now() / 1000) {
  const [at, today] = [written(seconds), written(now)];
  return at.slice(0, 10) === today.slice(0, 10) ? at.slice(11, 19) : `${at.slice(0, 10)} ${at.slice(11, 16)}`;
}

/** A sentence with its moment, if it has one, in the zone that is shown. */
export const dated = ({ text, at }) => (at === null ? text : text.replace("{at}", () => clock(at)));

/** Ticks of a time axis: seconds only where they differ. */
export function tick(seconds, step) {
  return written(seconds).slice(11, step < 60 ? 19 : 16);
}

/** The hours that the zone is ahead of UTC, for the axis' grid. */
export const ahead = (seconds) => (zone.local() ? minutesEast(seconds) * 60 : 0);
