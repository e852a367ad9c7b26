// Readiness and the plan of a watch.

import { h } from "./dom.js";
import { clock } from "./words.js";

const FATES = { salvaged: "copied away first", quarantined: "kept in quarantine", lost: "lost for good" };
const CLASSES = { lossless: "loses nothing", lossy: "may lose data", opaque: "effect unknown" };

const ROLLING = ["rolling_back", "in_doubt"];

export function readiness(watch) {
  const state = watch.readiness ?? {};
  if (ROLLING.includes(watch.phase)) return [underWay(watch.attempt), watch.ours ? h("p", { class: "ours" }, `${watch.ours.said}.`) : null].flat();
  if (watch.superseded) return h("p", { class: "dim" }, `It is not asked to: ${watch.superseded_by || "a newer migration"} is watched on the same target.`);
  const yes = state.ok === true;
  return [
    h("p", { class: yes ? "yes" : "no" }, yes ? "✓ Yes, it could roll back now." : "✗ No, it could not roll back now:"),
    yes ? null : list(state.reasons?.length ? state.reasons : ["not checked yet"], "reasons"),
    list([...(state.notes ?? []), ...remarks(watch)], "notes"),
    risks(state.at_risk),
    rehearsed(watch.rehearsal),
  ];
}

/** How a rollback that has begun fares: who is in its way, each on a line. */
function underWay(attempt) {
  if (!attempt) return h("p", {}, "It is being executed: from here on it can't be stopped.");
  if (!attempt.told?.length) return h("p", {}, attempt.sentence);
  return [h("p", {}, "In its way:"), list(attempt.told, "reasons")];
}

function remarks(watch) {
  const found = [];
  if (watch.already_breaching) found.push("a rollback rule had fired before it began: a person must approve until that is over");
  for (const { said } of Object.values(watch.baseline ?? {})) found.push(said);
  if (watch.ledger_lost) found.push(`${watch.ledger_lost}: nothing is rolled back without a person`);
  return found;
}

function list(texts, name) {
  return texts.length ? h("ul", { class: name }, texts.map((text) => h("li", {}, String(text)))) : null;
}

function risks(rows) {
  if (!rows) return h("p", { class: "dim" }, "How many rows are at risk is not known.");
  const some = rows.filter((row) => row.count !== 0);
  if (!some.length) return h("p", {}, "No rows are at risk.");
  return h("div", {}, h("p", {}, "At risk if it rolls back now:"), list(some.map(risk), "risks"));
}

function risk(row) {
  const count = row.count === null ? "an unknown number of" : row.count.toLocaleString("en");
  return `${row.bound} ${count} ${row.what} of ${row.name}: ${FATES[row.fate] ?? row.fate}`.trim();
}

function rehearsed(rehearsal) {
  if (!rehearsal) return h("p", { class: "dim" }, "Not rehearsed.");
  const mark = rehearsal.holds === true ? "✓" : rehearsal.holds === false ? "✗" : "?";
  return h("p", { class: rehearsal.holds === false ? "no" : "" }, `${mark} Rehearsed ${clock(rehearsal.at)}: ${rehearsal.said}`);
}

/** The statements in order, each with what it does to data. */
export function plan(statements) {
  if (!statements?.length) return h("p", { class: "dim" }, "No statement is registered.");
  const all = statements.map((one) => `${String(one.sql ?? "").replace(/;\s*$/, "")};`).join("\n");
  return [h("ol", { class: "plan" }, statements.map(statement)), statements.length > 1 ? copying("Copy all", () => all) : null];
}

/** Puts text on the clipboard, also where the page came without TLS: then by a selection. */
function copying(label, text) {
  const button = h("button", { type: "button", class: "plain copy", onclick: async () => {
    const done = await copied(text());
    button.textContent = done ? "Copied" : "Not copied: select it by hand";
    setTimeout(() => { button.textContent = label; }, 2000);
  } }, label);
  return button;
}

async function copied(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const field = h("textarea", { readonly: true, "aria-hidden": "true", class: "aside-field", value: text });
    (document.querySelector("dialog[open]") ?? document.body).append(field);
    field.select();
    const done = document.execCommand("copy");
    field.remove();
    return done;
  }
}

function statement(one) {
  const known = one.class ? `${one.class}: ${CLASSES[one.class] ?? "effect unknown"}` : "";
  const alone = one.transactional === false ? "outside a transaction" : "";
  const label = [known, alone].filter(Boolean).join(", ");
  return h("li", {},
    h("pre", { tabindex: "0", "aria-label": `statement ${one.step ?? ""}` }, h("code", {}, String(one.sql ?? ""))),
    h("span", { class: "beside" }, label ? h("span", { class: `class ${one.class ?? ""}` }, label) : null, copying("Copy", () => String(one.sql ?? ""))));
}
