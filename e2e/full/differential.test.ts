/** One script of raw requests, played to a bare backend and to the gateway before another instance of it: nobody can tell them apart. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { CHAPTERS } from "../differential/chapters.ts";
import { differences } from "../differential/compare.ts";
import { Player } from "../differential/player.ts";
import type { Chapter } from "../differential/step.ts";
import type { Signer } from "../features/raw-request.ts";
import { startGateway } from "../gateway.ts";
import { startBackend } from "../servers/backends.ts";

const BACKENDS = (process.env.E2E_BACKENDS ?? "versitygw,radosgw").split(",");

for (const name of BACKENDS) {
  describe(`a gateway before ${name} answers as ${name} does`, () => {
    const servers = new AsyncDisposableStack();
    let direct: Signer;
    let through: Signer;

    before(async () => {
      const backend = servers.use(await startBackend(name));
      const behind = servers.use(await startBackend(name));
      const users = [{ accessKey: backend.accessKey, secretKey: backend.secretKey }];
      const policies = [{ id: "all", buckets: ["*"], etag: "md5", checksum: "always" }];
      direct = backend;
      through = servers.use(await startGateway({ backend: behind, users, policies }));
    });
    after(() => servers.disposeAsync());

    for (const chapter of CHAPTERS) {
      it(`${chapter.name}: ${chapter.steps.length} requests`, async () => {
        const found = await play(chapter, direct, through);
        assert.equal(found.length, 0, `${found.length} differences\n${found.join("\n")}`);
      });
    }
  });
}

/** Plays a chapter to both, step by step, and tells where the answers differ. */
async function play({ name, steps }: Chapter, direct: Signer, through: Signer): Promise<string[]> {
  const players = [direct, through].map((signer) => new Player(signer, `differential-${name}`));
  const found: string[] = [];
  for (const [at, step] of steps.entries()) {
    const [a, b] = await Promise.all(players.map((player) => player.play(step)));
    assert.ok(a && b);
    const lines = differences(a, b);
    const title = `${at}. ${step.method} ${step.path.slice(0, 60)} – ${step.about}`;
    if (lines.length > 0) found.push([title, ...lines].join("\n    "));
  }
  return found;
}
