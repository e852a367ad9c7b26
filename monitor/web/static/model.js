// What the daemon said last: targets, open watches, ended ones. Asks at the start and after every
// reconnection; in between the stream tells what changes.

import { read } from "./api.js";

const AGAIN = 60000; // milliseconds between looks at the stored watches without any news
const RETRY = 5000; // after a stream that the browser gave up

export class Model {
  constructor(changed) {
    this.changed = changed;
    this.targets = new Map();
    this.watches = new Map();
    this.controls = false;
    this.loaded = false;
    this.stocked = false; // whether the stored watches were read, the ended ones too
    this.trouble = ""; // why the stored watches can't be read
    this.lost = null; // since when the stream is lost, in milliseconds; null while it is there
    this.lastNews = Date.now();
    this.skew = 0; // seconds that the daemon's clock is ahead of ours
  }

  now() {
    return Date.now() / 1000 + this.skew;
  }

  start() {
    this.listen();
    setInterval(() => this.stored(), AGAIN);
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
    on("watch", (watch) => this.watches.set(watch.id, watch));
    on("target", (target) => this.targets.set(target.name, { ...this.targets.get(target.name), ...target }));
    on("ended", () => this.stored());
    on("reset", () => this.reload());
    on("alive", () => {});
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
      for (const watch of found.targets.flatMap((target) => target.watches)) this.watches.set(watch.id, watch);
      this.loaded = true;
      this.heard();
    } catch {
      this.lost ??= Date.now();
    }
    this.changed();
  }

  /** From the store: the ended watches too. */
  async stored() {
    try {
      const { watches } = await read("/api/v1/watches");
      for (const watch of watches) {
        const known = this.watches.get(watch.id);
        const newer = !known || watch.verdict !== null || (watch.updated_at ?? 0) > (known.updated_at ?? 0);
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
