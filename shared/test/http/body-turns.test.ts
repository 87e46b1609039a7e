import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Body, bodyOfPieces } from "../../src/http/body.ts";
import { BodyTurns } from "../../src/http/body-turns.ts";

const PIECE = new Uint8Array(64 * 1024);

/** A body of so many pieces, which come as fast as they are taken. */
const sized = (pieces: number) => bodyOfPieces(Array.from({ length: pieces }, () => PIECE));

async function nextRound(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

/** Pumps bodies of clients at once; gives the order in which they ended. */
async function race(turns: BodyTurns, bodies: readonly (readonly [string, number])[]) {
  const ended: string[] = [];
  await Promise.all(
    bodies.map(async ([client, pieces]) => {
      await turns.bodyOf(client, sized(pieces)).pump(() => undefined);
      ended.push(client);
    }),
  );
  return ended;
}

describe("turns of bodies", () => {
  it("let a client that is alone move all it has at once", async () => {
    const turns = new BodyTurns();
    let rounds = 0;
    let isOver = false;
    const pumping = turns.bodyOf("a", sized(1000)).pump(() => undefined);
    const ended = pumping.then(() => {
      isOver = true;
    });
    while (!isOver) {
      await nextRound();
      rounds += 1;
    }
    await ended;
    assert.ok(rounds < 10, `${rounds} rounds`);
  });

  it("give a client with one body as much as one with many", async () => {
    const greedy = Array.from({ length: 50 }, () => ["greedy", 20] as const);
    const ended = await race(new BodyTurns(), [["first", 1], ...greedy, ["small", 20]]);
    assert.ok(ended.indexOf("small") <= 12, `${ended.indexOf("small")} of them ended before`);
    assert.equal(ended.length, 52);
  });

  it("hand on every byte, in order, and failures with them", async () => {
    const turns = new BodyTurns();
    const bytes: number[] = [];
    const pieces = Array.from({ length: 40 }, (_, n) => new Uint8Array(64 * 1024).fill(n));
    await Promise.all([
      turns.bodyOf("other", sized(40)).pump(() => undefined),
      turns.bodyOf("a", bodyOfPieces(pieces)).pump(async (piece) => {
        await nextRound();
        bytes.push(piece[0] ?? -1);
      }),
    ]);
    assert.deepEqual(bytes, [...pieces.keys()]);
    const failing = turns.bodyOf("a", sized(3));
    const refusing = failing.pump(() => Promise.reject(new Error("no more")));
    await assert.rejects(refusing, /no more/);
  });

  it("leave memory that is only lent with its taker until the turn has come", async () => {
    const lent: Body = {
      pump: () => assert.fail("was copied"),
      pumpBorrowed: async (take) => await take(PIECE),
      destroy: () => undefined,
    };
    let taken = 0;
    await new BodyTurns().bodyOf("a", lent).pumpBorrowed?.(() => {
      taken += 1;
    });
    assert.equal(taken, 1);
    assert.equal("pumpBorrowed" in new BodyTurns().bodyOf("a", sized(1)), false);
  });

  it("give a body up when they are told", async () => {
    let reason: unknown;
    const body = { ...sized(1), destroy: (why: unknown) => (reason = why) };
    new BodyTurns().bodyOf("a", body).destroy("because");
    assert.equal(reason, "because");
  });
});
