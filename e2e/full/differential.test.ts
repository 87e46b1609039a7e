/** One script of raw requests, played to a bare backend and to the gateway before another instance of it: nobody can tell them apart. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { CHAPTERS } from "../differential/chapters.ts";
import { differences } from "../differential/compare.ts";
import { EXEMPT_HEADERS } from "../differential/exempt.ts";
import { forcedBy, forcedOf } from "../differential/forced.ts";
import { Player } from "../differential/player.ts";
import type { Chapter } from "../differential/step.ts";
import type { Signer } from "../features/raw-request.ts";
import { startGateway } from "../gateway.ts";
import { startBackend } from "../servers/backends.ts";

/** By backend, whether it gives every object a checksum: the policy is to do as it does. */
const BACKENDS: Readonly<Record<string, "always" | "client">> = {
  versitygw: "always",
  minio: "client",
};
const NAMES = (process.env.E2E_BACKENDS ?? Object.keys(BACKENDS).join(",")).split(",");

describe("the list of headers that may differ", () => {
  it("has 20 names at most, each with a reason", () => {
    assert.ok(Object.keys(EXEMPT_HEADERS).length <= 20);
    assert.ok(Object.values(EXEMPT_HEADERS).every(({ reason }) => reason.length > 10));
  });
});

for (const name of NAMES) {
  describe(`a gateway before ${name} answers as ${name} does`, () => {
    const servers = new AsyncDisposableStack();
    let direct: Signer;
    let through: Signer;

    before(async () => {
      const backend = servers.use(await startBackend(name));
      const behind = servers.use(await startBackend(name));
      const users = [{ accessKey: backend.accessKey, secretKey: backend.secretKey }];
      const policy = { id: "all", buckets: ["*"], etag: "md5", checksum: BACKENDS[name] };
      direct = backend;
      through = servers.use(await startGateway({ backend: behind, users, policies: [policy] }));
    });
    after(() => servers.disposeAsync());

    for (const chapter of CHAPTERS) {
      it(`${chapter.name}: ${chapter.steps.length} requests`, async () => {
        const found = await play(chapter, name, [direct, through]);
        assert.equal(found.length, 0, `${found.length} differences\n${found.join("\n")}`);
      });
    }
  });
}

/** Plays a chapter to both, step by step, and tells where the answers differ, and where they must and do not. */
async function play(
  { name, steps }: Chapter,
  backend: string,
  signers: readonly Signer[],
): Promise<string[]> {
  const players = signers.map((signer) => new Player(signer, `differential-${name}`));
  const found: string[] = [];
  const idle = new Set(forcedOf(backend, name));
  for (const [at, step] of steps.entries()) {
    const [direct, through] = await Promise.all(players.map((player) => player.play(step)));
    assert.ok(direct && through);
    const lines = differences(direct, through);
    if (lines.length === 0) continue;
    const forced = forcedBy(backend, name, step);
    if (forced) idle.delete(forced);
    else
      found.push(
        [`${at}. ${step.method} ${step.path.slice(0, 60)} – ${step.about}`, ...lines].join(
          "\n    ",
        ),
      );
  }
  return [...found, ...[...idle].map(({ about }) => `no longer forced: ${about}`)];
}
