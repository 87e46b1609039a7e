import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it, mock } from "node:test";
import { type GatheredLogin, RefusedLogins } from "../src/refused-logins.ts";

const login = (n: number, clientIp = "10.0.0.1") => ({
  ...{ requestId: `r-${n}`, operation: "GET /admin/status", clientIp },
  ...{ status: 401, error: "Unauthorized" },
});

describe("RefusedLogins", () => {
  let told: GatheredLogin[];
  beforeEach(() => {
    told = [];
    mock.timers.enable({ apis: ["setTimeout"] });
  });
  afterEach(() => mock.timers.reset());

  const counts = () => told.map(({ requestId, clientIp, count }) => [requestId, clientIp, count]);

  it("tells of the first at once, and of all others of a minute as one", () => {
    using logins = new RefusedLogins((one) => told.push(one));
    for (let n = 0; n < 1000; n++) logins.add(login(n));
    assert.deepEqual(told, [{ ...login(0), count: 1 }]);
    mock.timers.tick(60_000);
    assert.deepEqual(told[1], { ...login(999), count: 999 });
    logins.add(login(1000));
    assert.equal(told.length, 2);
    mock.timers.tick(60_000);
    assert.deepEqual(told[2], { ...login(1000), count: 1 });
  });

  it("tells at once again of an address that was silent for a minute", () => {
    using logins = new RefusedLogins((one) => told.push(one));
    logins.add(login(1));
    mock.timers.tick(60_000);
    logins.add(login(2));
    logins.add(login(3, "10.0.0.2"));
    assert.deepEqual(counts(), [
      ["r-1", "10.0.0.1", 1],
      ["r-2", "10.0.0.1", 1],
      ["r-3", "10.0.0.2", 1],
    ]);
  });

  it("tells of more addresses than a hundred together, without one of them", () => {
    using logins = new RefusedLogins((one) => told.push(one));
    for (let n = 0; n < 5000; n++) logins.add(login(n, `10.0.${n >> 8}.${n & 255}`));
    assert.equal(told.length, 101);
    mock.timers.tick(60_000);
    assert.equal(told.length, 102);
    const { clientIp: _, ...apart } = login(4999);
    assert.deepEqual(told[101], { ...apart, count: 4899 });
    assert.equal(
      told.reduce((sum, { count }) => sum + count, 0),
      5000,
    );
  });

  it("tells the rest when it is disposed of", () => {
    const logins = new RefusedLogins((one) => told.push(one));
    for (let n = 0; n < 3; n++) logins.add(login(n));
    logins.add(login(3, "10.0.0.2"));
    logins[Symbol.dispose]();
    assert.deepEqual(counts(), [
      ["r-0", "10.0.0.1", 1],
      ["r-3", "10.0.0.2", 1],
      ["r-2", "10.0.0.1", 2],
    ]);
    mock.timers.tick(120_000);
    assert.equal(told.length, 3);
  });
});
