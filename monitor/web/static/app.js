// The page: banners, the open watches gravest first, the ended ones, and whether what is shown is fresh.

import { token } from "./api.js";
import { Card } from "./card.js";
import { h, fill, say } from "./dom.js";
import { LEVELS, awaited, level, unsettled } from "./level.js";
import { Model } from "./model.js";
import { refused } from "./refused.js";
import { clock, span, zone } from "./words.js";

const OPEN_AT_ONCE = 3; // so many watches are shown unfolded; of more, only those in alarm
const ENDED_SHOWN = 10;
const FILTER_FROM = 6; // so many ended watches are looked through by eye

const element = (id) => document.getElementById(id);
const cards = new Map();
let endedShown = ENDED_SHOWN;
let wantedId = named(); // the watch that the address names, until it is shown
let due = false;
let wasSilent = "";
const model = new Model(() => {
  if (due) return;
  due = true;
  requestAnimationFrame(() => {
    due = false;
    draw();
  });
});

function draw() {
  const all = [...model.watches.values()];
  const open = all.filter((watch) => watch.verdict === null).sort(byGravity);
  const unhappy = unsettled(all, model.now()).sort((a, b) => b.verdict_at - a.verdict_at);
  const judging = all.filter((watch) => awaited(watch) && !unhappy.includes(watch)); // whether it helped is still open
  const ended = all.filter((watch) => watch.verdict !== null && !unhappy.includes(watch) && !judging.includes(watch)).sort((a, b) => b.verdict_at - a.verdict_at);
  const found = ended.filter(fitsFilter);
  if (found.some((watch, index) => watch.id === wantedId && index >= endedShown)) endedShown = found.length;
  freshness();
  fill(element("banners"), [banners(), model.trouble], () => banners().map((text) => h("p", { class: "banner" }, text)));
  urgentFirst(open.some((watch) => level(watch) === "alarm" || model.silentOf(watch.target) !== null));
  const minute = Math.floor(model.now() / 60);
  fill(element("refused"), [model.refused, model.refused.length ? minute : 0, zone.local()], () => refused(model.refused, model.now()));
  place(element("unhappy"), [...unhappy, ...judging], false);
  place(element("open"), open, open.length <= OPEN_AT_ONCE);
  place(element("ended"), found.slice(0, endedShown), false);
  element("ended-part").hidden = ended.length === 0;
  element("filter").hidden = ended.length < FILTER_FROM;
  say(element("none"), ended.length && !found.length ? "No ended watch is like that." : "");
  element("more").hidden = found.length <= endedShown;
  element("empty").hidden = open.length > 0;
  const names = [...model.targets.keys()].join(", ");
  const nothing = ended.length || judging.length || unhappy.length || !model.stocked ? "No migration is being watched now." : "No migration has been watched yet.";
  say(element("empty-text"), !model.loaded ? "Asking the daemon…" : `${nothing}${names ? ` Monitoring: ${names}.` : ""}`);
  element("forget").hidden = !token.get();
  goTo();
  title(open.filter((watch) => level(watch) === "alarm").length + unhappy.length);
}

/** What was typed is part of a name, a target, a verdict or an id. */
function fitsFilter(watch) {
  const typed = element("filter").value.trim().toLowerCase();
  const said = [watch.migration, watch.target, watch.told?.state ?? watch.verdict, watch.id];
  return watch.id === wantedId || said.some((text) => String(text).toLowerCase().includes(typed));
}

function named() {
  try {
    return decodeURIComponent(location.hash.slice(1));
  } catch {
    return "";
  }
}

/** Unfolds the watch that the address names, once: what people fold again stays folded. */
function goTo() {
  const known = cards.get(wantedId);
  if (!known?.root.isConnected) return;
  wantedId = "";
  known.root.open = true;
  known.root.scrollIntoView();
}

/** Everything that says a time, anew. */
function again() {
  const open = [...cards.values()].filter((known) => known.root.open).map((known) => known.watch.id);
  for (const known of cards.values()) {
    known.close();
    known.root.remove();
  }
  cards.clear();
  draw();
  for (const id of open) if (cards.has(id)) cards.get(id).root.open = true;
}

function zones() {
  say(element("zone"), zone.local() ? "show UTC" : "show local time");
}

function byGravity(a, b) {
  return LEVELS[level(a)] - LEVELS[level(b)] || b.started_at - a.started_at;
}

/** Unhappy ends, and what was refused, stand first, but behind what is under way and as grave. */
function urgentFirst(urgent) {
  const [refusals, above] = [element("refused"), element(urgent ? "open" : "banners")];
  if (refusals.previousElementSibling !== above) above.after(refusals);
  const [unhappy, next] = [element("unhappy"), element(urgent ? "ended-part" : "empty")];
  if (unhappy.nextElementSibling !== next) unhappy.parentElement.insertBefore(unhappy, next);
}

/** One card for each watch, in order; a card that stays is not moved, so that focus and folds stay. */
function place(list, watches, unfold) {
  const wanted = watches.map((watch) => card(watch, unfold));
  for (const [id, known] of cards) {
    if (!model.watches.has(id)) {
      known.close();
      cards.delete(id);
    }
  }
  for (const child of [...list.children]) if (!wanted.some((c) => c.root === child)) child.remove();
  wanted.forEach((c, index) => {
    if (list.children[index] !== c.root) list.insertBefore(c.root, list.children[index] ?? null);
  });
}

function card(watch, unfold) {
  let found = cards.get(watch.id);
  if (!found) {
    found = new Card(watch, model, unfold || awaited(watch) || (watch.verdict === null && level(watch) === "alarm"));
    cards.set(watch.id, found);
  }
  found.show(watch);
  return found;
}

function* troubles() {
  for (const target of model.targets.values()) {
    if (target.stale) yield `${target.name}: the decision loop stands still${target.decided_at ? ` since ${clock(target.decided_at)} ${zone.name(target.decided_at)}` : ""}. Nothing is decided until it goes on.`;
    if (target.held_by) yield `${target.name}: another daemon (${target.held_by}) monitors this target; this one waits.`;
    else if (!target.store_reachable)
      yield `${target.name}: the store can't be reached${target.trouble ? ` (${target.trouble})` : ""}. Shown is what the daemon has in memory.`;
    if (target.stranger) yield `${target.name}: ${target.stranger}.`;
  }
  if (model.trouble) yield `Stored watches can't be read now: ${model.trouble}`;
}

const banners = () => [...troubles()];

function freshness() {
  const age = (Date.now() - model.lastNews) / 1000;
  const lost = model.silentSince() !== null;
  document.body.classList.toggle("lost", lost);
  // what counts up stands beside the live region: it would be read out every second
  const silence = model.lost !== null ? "Connection lost, trying again" : "No update from the daemon";
  say(element("live"), lost ? `${silence}: what you see may be out of date.` : `Live. Times are ${zone.name()}.`);
  say(element("age"), lost ? `Last news ${span(age)} ago.` : "");
}

/** The tab's title says the gravest thing, so that it can be read without opening the tab. */
function title(alarms) {
  const grave = model.silentSince() !== null ? "▲ no update" : alarms ? `▲ ${alarms}` : "";
  document.title = grave ? `${grave} · migration-monitor` : "migration-monitor";
}

function everySecond() {
  const silent = [model.silentSince(), ...[...model.targets.keys()].map((name) => model.silentOf(name))].map((since) => since !== null).join();
  if (silent !== wasSilent) draw();
  wasSilent = silent;
  freshness();
  for (const known of cards.values()) if (known.root.isConnected) known.tick();
}

element("more").addEventListener("click", () => {
  endedShown += 4 * ENDED_SHOWN;
  draw();
});
element("forget").addEventListener("click", () => {
  token.forget();
  element("range").querySelector("input:checked").focus();
});
element("filter").addEventListener("input", draw);
element("zone").addEventListener("click", () => {
  zone.turn();
  zones();
  again();
});
addEventListener("hashchange", () => {
  wantedId = named();
  draw();
});
document.addEventListener("token", draw);
element("range").addEventListener("change", (event) => {
  for (const known of cards.values()) known.range(Number(event.target.value));
});
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
  for (const known of cards.values()) known.recolour();
});
zones();
draw();
model.start();
setInterval(everySecond, 1000);
