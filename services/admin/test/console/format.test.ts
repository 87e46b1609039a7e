import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  ago,
  bytes,
  count,
  perSecond,
  rate,
  seconds,
  several,
  share,
  span,
  time,
} from "../../src/console/format.js";

const TABLE = [
  [count, 0, "0"],
  [count, 9999, "9,999"],
  [count, 12_345, "12.3K"],
  [count, 4.5678, "4.57"],
  [bytes, 0, "0 B"],
  [bytes, 999, "999 B"],
  [bytes, 1000, "0.98 KiB"],
  [bytes, 1024, "1 KiB"],
  [bytes, 15.25 * 1024, "15.3 KiB"],
  [bytes, 3 * 1024 ** 4, "3 TiB"],
  [rate, 2048, "2 KiB/s"],
  [perSecond, 0.3333, "0.333/s"],
  [perSecond, 123.456, "123/s"],
  [seconds, 0, "0 s"],
  [seconds, 0.00034, "340 µs"],
  [seconds, 0.0123, "12.3 ms"],
  [seconds, 4.5, "4.5 s"],
  [share, 0, "0 %"],
  [share, 0.0004, "< 0.1 %"],
  [share, 0.3333, "33.3 %"],
  [share, 1, "100 %"],
] as const;

describe("how numbers are written", () => {
  for (const [written, value, expected] of TABLE) {
    it(`${written.name} of ${value}: ${expected}`, () => {
      assert.equal(written(value), expected);
    });
  }

  it("never makes a number of what is not known", () => {
    for (const written of [count, bytes, rate, perSecond, seconds, share]) {
      assert.equal(written(null), "–");
      assert.equal(written(undefined), "–");
    }
  });

  it("tells one from several", () => {
    assert.equal(several(1, "object"), "1 object");
    assert.equal(several(0, "object"), "0 objects");
    assert.equal(several(2, "process", "processes"), "2 processes");
  });
});

describe("how times are written", () => {
  it("in their two largest units", () => {
    for (const [milliseconds, expected] of [
      [0, "0 s"],
      [-5, "0 s"],
      [59_000, "59 s"],
      [60_000, "1 min"],
      [3_725_000, "1 h 2 min"],
      [90_000_000, "1 d 1 h"],
      [86_400_000 * 12, "12 d"],
    ] as const) {
      assert.equal(span(milliseconds), expected);
    }
  });

  it("as how long ago", () => {
    const nowMs = Date.parse("2026-01-02T03:04:05.000Z");
    assert.equal(ago("2026-01-02T03:04:04.000Z", nowMs), "just now");
    assert.equal(ago("2026-01-02T03:02:05.000Z", nowMs), "2 min ago");
  });

  it("with the date where it is another day's", () => {
    const noon = new Date(2026, 0, 2, 12, 0, 0);
    assert.equal(time(noon.toISOString(), noon.getTime()), "12:00:00");
    assert.equal(time(noon.toISOString(), noon.getTime() + 86_400_000), "2026-01-02 12:00:00");
    assert.equal(time("no time", 0), "no time");
  });
});
