/** Makes a part of the page be like an element of element.js: what is the same stays, and with it focus, selection and what is unfolded. */

/** @typedef {import("./element.js").Element} Element */

const SVG = "http://www.w3.org/2000/svg";
const SVG_TAGS = new Set(["svg", "path", "line", "rect"]);

/**
 * What a node was made like.
 * @type {WeakMap<Node, Element>}
 */
const made = new WeakMap();

/**
 * Makes the children of `container` these.
 * @param {globalThis.Element} container
 * @param {readonly (Element | string)[]} children
 */
export function show(container, children) {
  const free = [...container.childNodes];
  const wanted = children.map((child) => {
    const at = free.findIndex((node) => isLike(node, child));
    const [former] = at < 0 ? [] : free.splice(at, 1);
    return former ? changed(former, child) : create(child);
  });
  for (const node of free) node.remove();
  for (const [at, node] of wanted.entries()) {
    if (container.childNodes[at] !== node)
      container.insertBefore(node, container.childNodes[at] ?? null);
  }
}

/**
 * @param {Node} node
 * @param {Element | string} child
 */
function isLike(node, child) {
  if (typeof child === "string") return node.nodeType === Node.TEXT_NODE;
  const former = made.get(node);
  return (
    former !== undefined &&
    former.tag === child.tag &&
    former.attributes.key === child.attributes.key &&
    former.attributes.id === child.attributes.id
  );
}

/**
 * @param {Element | string} child
 * @returns {Node}
 */
function create(child) {
  if (typeof child === "string") return document.createTextNode(child);
  const node = SVG_TAGS.has(child.tag)
    ? document.createElementNS(SVG, child.tag)
    : document.createElement(child.tag);
  return changed(node, child);
}

/**
 * @param {Node} node
 * @param {Element | string} child
 * @returns {Node}
 */
function changed(node, child) {
  if (typeof child === "string") {
    if (node.textContent !== child) node.textContent = child;
    return node;
  }
  const element = /** @type {globalThis.Element} */ (node);
  const former = made.get(node)?.attributes ?? {};
  for (const name of new Set([...Object.keys(former), ...Object.keys(child.attributes)])) {
    if (name !== "key" && former[name] !== child.attributes[name]) {
      setAttribute(element, name, child.attributes[name]);
    }
  }
  show(element, child.children);
  made.set(node, child);
  return node;
}

/**
 * @param {globalThis.Element} element
 * @param {string} name
 * @param {import("./element.js").Attribute} value
 */
function setAttribute(element, name, value) {
  if (value === undefined || value === false) element.removeAttribute(name);
  else element.setAttribute(name, value === true ? "" : String(value));
}
