// What a person may do, each with a reason and a confirmation that shows the SQL.

import { Refused, control, token } from "./api.js";
import { h } from "./dom.js";
import { plan } from "./sections.js";

const CONTROLS = {
  approve: { word: "Approve…", does: "Approve the rollback", tells: "The rollback begins at once. These statements are executed:", grave: true },
  rollback: { word: "Roll back…", does: "Roll back now", tells: "The rollback begins at once, without waiting for any limit. These statements are executed:", grave: true },
  pause: { word: "Pause…", does: "Pause", tells: "Nothing is rolled back until it is resumed; measuring goes on. While it is paused these statements are not executed:" },
  resume: { word: "Resume…", does: "Resume", tells: "From now on it acts again, counting afresh. If a limit is crossed for long enough, these statements are executed:" },
  cancel: { word: "Cancel watch…", does: "Cancel the watch", tells: "The watch ends, for good. These statements will not be executed:" },
};

const ALLOWED = {
  warming: ["rollback", "pause", "cancel"],
  watching: ["rollback", "pause", "cancel"],
  awaiting_approval: ["approve", "pause", "cancel"],
  paused: ["resume", "cancel"],
};

/** The one that is needed at this moment, if any: it is the dominant one. */
function needed(watch) {
  if (watch.phase === "awaiting_approval") return "approve";
  if (watch.phase === "paused") return "resume";
  return (watch.streaks ?? []).some((streak) => streak.action === "rollback") ? "rollback" : "";
}

/** Buttons for what applies now. */
export function actions(watch) {
  const words = (ALLOWED[watch.phase] ?? []).filter((word) => word !== "rollback" || (watch.mode !== "observe" && !watch.superseded));
  if (!words.length) return h("p", { class: "dim" }, "It can't be stopped any more: the rollback has begun.");
  return words.map((word) => {
    const { word: label, grave } = CONTROLS[word];
    const kind = word === needed(watch) ? (grave ? "grave needed" : "main") : null;
    return h("button", { type: "button", class: kind, onclick: () => ask(watch, word) }, label);
  });
}

function ask(watch, word) {
  const { does, tells, grave } = CONTROLS[word];
  const reason = h("input", { id: "reason", required: true, maxlength: "1000", pattern: ".*\\S.*", autocomplete: "off" });
  const secret = h("input", { id: "token", type: "password", required: true, autocomplete: "off", spellcheck: "false" });
  const secretPart = h("p", { hidden: Boolean(token.get()) }, h("label", { for: "token" }, "Token (server.token of the configuration; kept in this tab only)"), secret);
  const trouble = h("p", { class: "no", role: "alert" });
  const confirm = h("button", { type: "submit", class: grave ? "grave" : "main" }, does);
  const needToken = () => {
    secretPart.hidden = Boolean(token.get());
    secret.disabled = secretPart.hidden;
  };
  const form = h("form", { method: "dialog" },
    h("h2", { id: "asked" }, `${does}: ${watch.migration}`),
    h("p", { class: "dim" }, `on ${watch.target}, watch ${watch.id}`),
    h("p", {}, tells), plan(watch),
    h("p", {}, h("label", { for: "reason" }, "Reason (everyone can read it later)"), reason),
    secretPart, trouble,
    h("p", { class: "actions" }, confirm, h("button", { type: "button", onclick: () => dialog.close() }, "Back")));
  const dialog = h("dialog", { "aria-labelledby": "asked", onclose: () => dialog.remove() }, form);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (!secretPart.hidden) token.set(secret.value.trim());
    confirm.disabled = true;
    trouble.textContent = "";
    try {
      await control(watch.id, word, reason.value.trim());
      dialog.close();
    } catch (error) {
      if (error instanceof Refused && error.status === 401) token.forget();
      trouble.textContent = `Not done: ${error.message}`;
      needToken();
    }
    confirm.disabled = false;
  });
  needToken();
  document.body.append(dialog);
  dialog.showModal();
  reason.focus();
}
