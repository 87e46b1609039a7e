import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Backend } from "@s3eg/shared/backend/backend.ts";
import { readGatewayConfig } from "../../src/gateway-config.ts";
import { backendHabits } from "../../src/wiring/backend-habits.ts";
import { openBackend } from "../../src/wiring/backends.ts";
import { BOX, sealedStore } from "../commands/sealed-store.ts";
import { KeptLog, scratchFolder } from "../environment.ts";

describe("the habits of a backend", () => {
  it("are tried out, and nothing is left behind", async () => {
    await using scratch = await scratchFolder();
    await using store = await sealedStore(scratch.folder);
    const { config } = readGatewayConfig(["edge", "crypto", "keys"], store.env);
    await using backend = openBackend(config.backend, { identities: [], log: new KeptLog() });
    const habits = await backendHabits(backend, BOX);
    assert.deepEqual(
      habits.filter(({ isKept }) => !isKept),
      [],
    );
    const listing = await backend.send({ method: "GET", bucket: BOX, requestId: "r" });
    assert.doesNotMatch(await listing.text(), /s3eg-doctor/);
  });

  it("are found missing in a backend that ignores conditions", async () => {
    await using scratch = await scratchFolder();
    await using store = await sealedStore(scratch.folder);
    const { config } = readGatewayConfig(["edge", "crypto", "keys"], store.env);
    await using backend = openBackend(config.backend, { identities: [], log: new KeptLog() });
    const careless: Backend = {
      send({ headers = {}, ...request }) {
        const kept = Object.entries(headers).filter(([name]) => !/if-(?:none-)?match/.test(name));
        return backend.send({ ...request, headers: Object.fromEntries(kept) });
      },
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
    const missing = (await backendHabits(careless, BOX)).filter(({ isKept }) => !isKept);
    assert.deepEqual(
      missing.map(({ without }) => without),
      ["creation by one client alone", "rewrap and copies in place"],
    );
  });
});
