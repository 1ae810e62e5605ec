/** Elements of the page, made from text alone: no name of a case or method is ever markup. */

/** @param {string} tag @param {Object<string, any>} [properties]  of the element, such as className
 * @param {...(Node | string)} children @returns {any} */
export function make(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

/** A labelled drop-down.
 * @param {string} label @param {{value: string, text: string}[]} options
 * @param {(value: any) => void} chosen */
export function choice(label, options, chosen) {
  const items = options.map(({ value, text }) => make("option", { value }, text));
  const select = make("select", { title: label, ariaLabel: label }, ...items);
  select.addEventListener("change", () => chosen(select.value));
  return select;
}

/** A button; `name` marks it for styles and tests.
 * @param {string} name @param {string} text @param {string} title @param {(event: any) => void} pressed */
export function button(name, text, title, pressed) {
  const made = make("button", { type: "button", title }, text);
  made.dataset.name = name;
  made.addEventListener("click", pressed);
  return made;
}

/** Buttons of which one is on. @param {string} label @param {[string, string, string][]} options
 *  value, text and title @param {(value: any) => void} chosen */
export function switches(label, options, chosen) {
  const made = options.map(([value, text, title]) =>
    button(value, text, title, () => chosen(value)),
  );
  const group = make("div", { className: "switches", role: "group", ariaLabel: label }, ...made);
  return {
    element: group,
    /** @param {string} value */
    show(value) {
      for (const one of made) one.setAttribute("aria-pressed", String(one.dataset.name === value));
    },
  };
}
