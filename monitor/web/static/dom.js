// Elements from values. Text is always a text node: nothing shown can become markup.

/** h("p", {class: "dim", onclick: f}, "text", child, null): an element; null and false are left out. */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name in PROPERTIES) element[name] = value;
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

const PROPERTIES = { value: true, checked: true, disabled: true, hidden: true };

/** Puts new children in place of the old ones, if they differ from what `key` said last time. */
export function fill(element, key, make) {
  const text = JSON.stringify(key);
  if (element.filledWith === text) return;
  element.filledWith = text;
  element.replaceChildren(...[make()].flat().filter(Boolean));
}

/** Sets text only when it changed, so that nothing is announced twice and selections stay. */
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
