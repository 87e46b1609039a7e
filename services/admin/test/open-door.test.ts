import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isFault } from "@s3eg/shared/faults.ts";
import { loadConfig } from "@s3eg/shared/runtime/config.ts";
import { createLog } from "@s3eg/shared/runtime/log.ts";
import { z } from "zod";
import { AdminSection } from "../src/config.ts";
import { openDoor } from "../src/open-door.ts";
import { openWatch } from "../src/watch/watch.ts";
import { office } from "./office.ts";

const TOKEN = "a-token-of-more-than-thirty-two-characters";

async function doorWith(env: Record<string, string>) {
  const log = createLog({ service: "test", level: "error", destination: { write: () => {} } });
  const settings = { ADMIN_AUTH_TOKEN: TOKEN, ADMIN_ALLOW_INLINE_TOKEN: "1", ...env };
  const config = loadConfig(z.strictObject({ admin: AdminSection }), { env: settings }).admin;
  const given = office();
  using watch = openWatch({ bus: given.bus, log, proofs: undefined });
  const sights = { watch, lookedAt: async () => [], settings: () => [] };
  const told = { answered: () => {}, operators: { acted: () => {}, refused: () => {} } };
  return await openDoor({ ...given, config, log, ...told }, sights);
}

describe("openDoor", () => {
  it("takes the token that is configured, and refuses one that is none", async () => {
    const door = await doorWith({});
    assert.ok(await door.token.admits(`Bearer ${TOKEN}`));
    assert.ok(!(await door.token.admits("Bearer other")));
    for (const env of [{ ADMIN_AUTH_TOKEN: "weak" }, NO_FILE]) {
      await assert.rejects(doorWith(env), (error) => isFault(error, "config.invalid"));
    }
  });

  it("lets a client change so much, read twenty times that, and fail a third of it", async () => {
    const door = await doorWith({ ADMIN_RATE_LIMIT_RPM: "6" });
    for (const [name, limit] of [
      ["requests", 6],
      ["reads", 120],
      ["failures", 2],
    ] as const) {
      const taken = Array.from({ length: limit + 1 }, () => door[name].take("client"));
      assert.deepEqual(taken.filter(Boolean).length, limit, name);
    }
    assert.ok((await doorWith({ ADMIN_RATE_LIMIT_RPM: "1" })).failures.take("client"));
  });
});

const NO_FILE = { ADMIN_AUTH_TOKEN: "", ADMIN_AUTH_TOKEN_FILE: "/no/such/file" };
