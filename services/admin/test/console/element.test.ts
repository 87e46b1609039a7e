import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { findAll, h, textOf } from "../../src/console/element.js";

describe("elements", () => {
  const tree = h(
    "ul",
    { class: "a b" },
    [h("li", {}, "one"), h("li", { class: "b" }, 2)],
    false,
    null,
    undefined,
    "text",
  );

  it("keep what is there, numbers as texts, and leave out what is false or missing", () => {
    assert.equal(tree.children.length, 3);
    assert.equal(textOf(tree), "one 2 text");
    assert.deepEqual(h("p", {}, 0).children, ["0"]);
  });

  it("are found by tag and by class", () => {
    assert.equal(findAll(tree, "li").length, 2);
    assert.deepEqual(
      findAll(tree, ".b").map(({ tag }) => tag),
      ["ul", "li"],
    );
  });
});
