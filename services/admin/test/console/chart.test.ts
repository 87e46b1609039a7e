import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { chart, niceTop, pathOf } from "../../src/console/chart.js";
import { findAll, textOf } from "../../src/console/element.js";
import { count } from "../../src/console/format.js";

const at = Array.from({ length: 30 }, (_, n) => new Date(n * 5000).toISOString());

function plot(values: (number | null)[], more = {}) {
  const lines = [{ label: "All", values }];
  return chart({ id: "p", title: "Things", hint: "per day", at, lines, format: count, ...more });
}

describe("a plot", () => {
  it("says in words what its lines show, and has all of it in a table", () => {
    const drawn = plot(at.map((_, n) => (n === 20 ? 40 : n)));
    assert.match(textOf(drawn), /All 29 +highest 40/);
    const rows = findAll(drawn, "tr").map(textOf);
    assert.equal(rows.length, 1 + 3, rows.join("\n"));
    assert.match(rows[1] ?? "", / 29$/);
    const [svg] = findAll(drawn, "svg");
    assert.equal(svg?.attributes["aria-hidden"], "true");
  });

  it("shows the values where somebody points", () => {
    const drawn = plot(
      at.map((_, n) => n),
      { pointedAt: 3 },
    );
    assert.match(textOf(drawn), /All 3 +highest 29 at \d\d:\d\d:15/);
    assert.equal(findAll(drawn, ".cross").length, 1);
  });

  it("says that it has nothing to draw yet", () => {
    for (const values of [[], at.map(() => null), at.map((_, n) => (n === 4 ? 1 : null))]) {
      const drawn = plot(values);
      assert.match(textOf(drawn), /Not enough was heard yet/);
      assert.equal(findAll(drawn, "svg").length, 0);
    }
  });

  it("has round numbers on its scale, of bytes those of 1024", () => {
    for (const [highest, top] of [
      [0, 1],
      [0.7, 1],
      [1, 1],
      [1.2, 2],
      [37, 50],
      [51, 100],
      [100.05, 100],
    ] as const) {
      assert.equal(niceTop(highest), top, String(highest));
    }
    const drawn = plot(
      at.map(() => 900 * 1024 * 1024),
      { isBinary: true, format: String },
    );
    assert.match(textOf(findAll(drawn, ".scale")[0] ?? ""), /^1073741824 536870912 0$/);
  });

  it("breaks its line where nothing is known", () => {
    const places = [{ x: 0, y: 1 }, { x: 1, y: 2 }, null, { x: 3, y: 4.06 }];
    assert.equal(pathOf(places), "M0 1L1 2M3 4.1");
    assert.equal(pathOf([null]), "");
  });
});
