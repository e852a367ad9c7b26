// What the daemon said last: targets, open watches, ended ones. Asks at the start and after every
// reconnection; in between the stream tells what changes.

import { read } from "./api.js";
import { awaited } from "./level.js";

const AGAIN = 60000; // milliseconds between looks at the stored watches without any news
const RETRY = 5000; // after a stream that the browser gave up, and after stored watches that could not be read
const SILENT = 12; // seconds without a sign of life, which comes every 5
const LOST = 5; // seconds after which a connection that is known to be lost counts as silence
const BELATED = 60; // seconds for which an answer that is due is asked for often

export class Model {
  constructor(changed) {
    this.changed = changed;
    this.targets = new Map();
    this.watches = new Map();
    this.refused = []; // registrations that were refused, whose migrations are not watched
    this.controls = false;
    this.loaded = false;
    this.stocked = false; // whether the stored watches were read, the ended ones too
    this.trouble = ""; // why the stored watches can't be read
    this.lost = null; // since when the stream is lost, in milliseconds; null while it is there
    this.lastNews = Date.now();
    this.asked = 0; // when the stored watches were asked for
    this.skew = 0; // seconds that the daemon's clock is ahead of ours
  }

  now() {
    return Date.now() / 1000 + this.skew;
  }

  /** When the daemon was heard of last, if that is too long ago; null while it is there. */
  silentSince() {
    const age = (Date.now() - this.lastNews) / 1000;
    const silent = age > SILENT || (this.lost !== null && age > LOST);
    return silent ? this.lastNews / 1000 + this.skew : null;
  }

  /** The same for one target, whose decisions may stand still although the daemon answers. */
  silentOf(name) {
    const target = this.targets.get(name);
    return this.silentSince() ?? (target?.stale ? (target.decided_at ?? this.now()) : null);
  }

  start() {
    this.listen();
    setInterval(() => this.look(), 1000);
  }

  /** Asks for the stored watches when it is time: seldom, or soon where an answer is due. */
  look() {
    const now = this.now();
    const due = [...this.watches.values()].some((w) => awaited(w) && now >= w.aftermath.until && now < w.aftermath.until + BELATED);
    if (Date.now() - this.asked >= (this.trouble || due ? RETRY : AGAIN)) this.stored();
  }

  listen() {
    const stream = new EventSource("/api/v1/stream");
    stream.onopen = () => this.reload();
    stream.onerror = () => {
      this.lost ??= Date.now();
      if (stream.readyState === EventSource.CLOSED) setTimeout(() => this.listen(), RETRY);
      this.changed();
    };
    const on = (kind, take) =>
      stream.addEventListener(kind, (event) => {
        this.heard();
        take(JSON.parse(event.data));
        this.changed();
      });
    on("watch", (watch) => this.take(watch));
    on("target", (target) => this.targets.set(target.name, { ...this.targets.get(target.name), ...target }));
    on("ended", () => this.stored());
    on("reset", () => this.reload());
    on("alive", () => {});
  }

  /** What the daemon has in memory; an answer that was under way when the watch ended does not open it again. */
  take(watch) {
    if (watch.verdict !== null || !this.watches.get(watch.id)?.verdict) this.watches.set(watch.id, watch);
  }

  heard() {
    this.lost = null;
    this.lastNews = Date.now();
  }

  async reload() {
    await Promise.all([this.live(), this.stored()]);
  }

  /** From the daemon's memory: there also while the store is away. */
  async live() {
    try {
      const asked = Date.now();
      const found = await read("/api/v1/targets");
      this.skew = found.now - (asked + Date.now()) / 2000;
      this.controls = found.controls;
      this.targets = new Map(found.targets.map((target) => [target.name, target]));
      for (const watch of found.targets.flatMap((target) => target.watches)) this.take(watch);
      this.loaded = true;
      this.heard();
    } catch {
      this.lost ??= Date.now();
    }
    this.changed();
  }

  /** From the store: the ended watches too. */
  async stored() {
    this.asked = Date.now();
    try {
      const { watches, refused } = await read("/api/v1/watches");
      this.refused = (refused ?? []).filter((one) => !one.watched_since);
      for (const watch of watches) {
        const known = this.watches.get(watch.id);
        const newer = !known || (watch.verdict !== null && JSON.stringify(watch) !== JSON.stringify(known)) || (watch.updated_at ?? 0) > (known.updated_at ?? 0);
        if (newer) this.watches.set(watch.id, watch);
      }
      this.stocked = true;
      this.trouble = "";
    } catch (error) {
      this.trouble = error.message;
    }
    this.changed();
  }
}
