import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isFault } from "@s3eg/shared/faults.ts";
import { readGatewayConfig } from "../../src/gateway-config.ts";
import { openBackend } from "../../src/wiring/backends.ts";
import { startOpener } from "../../src/wiring/opener.ts";
import { BOX, sealedStore } from "../commands/sealed-store.ts";
import { KeptLog, scratchFolder } from "../environment.ts";

describe("an opener", () => {
  it("opens objects of a backend with the configured keys, whole and in ranges, and refuses plain ones", async () => {
    await using scratch = await scratchFolder();
    await using store = await sealedStore(scratch.folder);
    await store.seal("k", "0123456789");
    await store.putPlain("plain", "x");
    const log = new KeptLog();
    const { env } = store;
    const { config } = readGatewayConfig(["edge", "crypto", "keys"], env);
    await using backend = openBackend(config.backend, { identities: [], log });
    await using opener = await startOpener({ config, env, log }, backend);
    const of = (key: string) => ({ bucket: BOX, key, boundTo: BOX, contents: "sealed" }) as const;
    const textOf = async (wanted: Parameters<typeof opener.open>[0]) => {
      const { size, body } = await opener.open(wanted);
      const pieces: Buffer[] = [];
      await body.pump((piece) => void pieces.push(Buffer.from(piece)));
      return [size, Buffer.concat(pieces).toString()];
    };
    assert.deepEqual(await textOf(of("k")), [10, "0123456789"]);
    assert.deepEqual(await textOf({ ...of("k"), range: { first: 2, last: 3 } }), [10, "23"]);
    await assert.rejects(opener.open(of("plain")), (error) => isFault(error, "crypto.not-sealed"));
  });
});
