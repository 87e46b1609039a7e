/** Elements of the page as plain data: views are functions that give them, and dom.js makes the page be like them. */

/**
 * @typedef {string | number | boolean | undefined} Attribute
 * @typedef {{ readonly tag: string, readonly attributes: Readonly<Record<string, Attribute>>, readonly children: readonly (Element | string)[] }} Element
 * @typedef {Element | string | number | false | null | undefined} Child What is false or missing is left out.
 */

/**
 * An element. `key` among its attributes tells it from its neighbours wherever they move; attributes that are false or missing are left out.
 * @param {string} tag
 * @param {Readonly<Record<string, Attribute>>} [attributes]
 * @param {...(Child | readonly Child[])} children
 * @returns {Element}
 */
export function h(tag, attributes = {}, ...children) {
  return { tag, attributes, children: children.flat().flatMap(kept) };
}

/**
 * @param {Child} child
 * @returns {(Element | string)[]}
 */
function kept(child) {
  if (child === false || child === null || child === undefined) return [];
  return [typeof child === "number" ? String(child) : child];
}

/**
 * The text of an element and of all in it, for who can't see it.
 * @param {Element | string} element
 * @returns {string}
 */
export function textOf(element) {
  if (typeof element === "string") return element;
  return element.children.map(textOf).join(" ").replaceAll(/\s+/g, " ").trim();
}

/**
 * Every element in a tree with this tag, or with `.name` among its classes.
 * @param {Element | string} element
 * @param {string} wanted
 * @returns {Element[]}
 */
export function findAll(element, wanted) {
  if (typeof element === "string") return [];
  const classes = String(element.attributes.class ?? "").split(" ");
  const fits = wanted.startsWith(".") ? classes.includes(wanted.slice(1)) : element.tag === wanted;
  return [
    ...(fits ? [element] : []),
    ...element.children.flatMap((child) => findAll(child, wanted)),
  ];
}
