// Readiness and the plan of a watch.

import { h } from "./dom.js";
import { dated } from "./words.js";

/** Whether it could roll back now, or how its rollback fares: the paragraphs that came with the watch. */
export const readiness = (blocks) => blocks.flatMap((block) => [
  block.text ? h("p", { class: block.style || null }, dated(block)) : null,
  list(block.list, block.of),
]);

function list(texts, name) {
  return texts.length ? h("ul", { class: name }, texts.map((text) => h("li", {}, String(text)))) : null;
}

/** The statements in order, each with what it does to data. */
export function plan({ plan: statements, told }) {
  if (!statements?.length) return h("p", { class: "dim" }, "No statement is registered.");
  const all = statements.map((one) => `${String(one.sql ?? "").replace(/;\s*$/, "")};`).join("\n");
  return [h("ol", { class: "plan" }, statements.map((one, index) => statement(one, told?.plan[index]))), statements.length > 1 ? copying("Copy all", () => all) : null];
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

function statement(one, label) {
  return h("li", {},
    h("pre", { tabindex: "0", "aria-label": `statement ${one.step ?? ""}` }, h("code", {}, String(one.sql ?? ""))),
    h("span", { class: "beside" }, label ? h("span", { class: `class ${one.class ?? ""}` }, label) : null, copying("Copy", () => String(one.sql ?? ""))));
}
