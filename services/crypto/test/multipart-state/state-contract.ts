/** The rules of the state of uploads, run over every store. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { describe, it } from "node:test";
import { type FaultCode, isFault } from "@s3eg/shared/faults.ts";
import { Secret } from "@s3eg/shared/runtime/secret.ts";
import { createStateSeal } from "@s3eg/shared/sealing/state-seal.ts";
import {
  MAX_PARKED_PARTS,
  type MultipartState,
  type NewAttempt,
  PARK_LIMIT_BYTES,
  RESULT_TTL_MS,
  type UploadRecord,
} from "../../src/multipart-state/multipart-state.ts";
import { SealedState } from "../../src/multipart-state/sealed-state.ts";
import type { StateStore, StoreLimits } from "../../src/multipart-state/state-store.ts";

/** Makes an empty store with these limits, and a way to let time go by for it. */
export type OpenStore = (limits: StoreLimits) => Promise<{
  readonly store: StateStore;
  passMs(ms: number): Promise<void>;
}>;

/** Limits that are not met by accident. */
export const GENEROUS: StoreLimits = { ttlMs: 3_600_000, maxParkedBytes: 1 << 28 };

/** The seal that all these tests use. */
export const testSeal = createStateSeal(new Secret(new Uint8Array(32).fill(1)), {
  encrypts: true,
  acceptsClear: false,
});

/** An upload with every field set. */
export function anUpload(uploadId = "upload-1", key = "a/key ü"): UploadRecord {
  return {
    uploadId,
    bucket: "bucket",
    key,
    boundBucket: "bound-bucket",
    header: "aGVhZGVy",
    suite: 1,
    isSealed: true,
    checksum: { algorithm: "crc64nvme", type: "FULL_OBJECT" },
    identity: "AKID",
    createdAtMs: 1_700_000_000_000,
    policy: { etag: "opaque", requireEncryption: true },
  };
}

/** An attempt with every field set. */
export function anAttempt(partNumber: number, etag = `"${partNumber}-etag"`): NewAttempt {
  return {
    partNumber,
    etag,
    salt: randomBytes(16),
    size: 1000 + partNumber,
    checksum: { algorithm: "sha256", value: "c3Vt" },
    md5: "d41d8cd98f00b204e9800998ecf8427e",
    uploadedAtMs: 1_700_000_000_001,
  };
}

/** True for a fault of that code, for `assert.rejects`. */
export function faultOf(code: FaultCode): (error: unknown) => boolean {
  return (error) => {
    assert.ok(isFault(error, code), `${code} expected, got ${String(error)}`);
    return true;
  };
}

/** Everything `list` gives, by upload id. */
export async function listed(state: MultipartState): Promise<UploadRecord[]> {
  const found: UploadRecord[] = [];
  for await (const { upload } of state.list()) found.push(upload);
  return found.sort((a, b) => (a.uploadId < b.uploadId ? -1 : 1));
}

/** Declares the suite. */
export function stateContract(name: string, open: OpenStore): void {
  const start = async (limits = GENEROUS) => {
    const { store, passMs } = await open(limits);
    return { state: new SealedState(store, testSeal), passMs };
  };
  describe(`${name} keeps the rules of multipart state: uploads`, () => uploadRules(start));
  describe(`${name} keeps the rules of multipart state: attempts`, () => attemptRules(start));
  describe(`${name} keeps the rules of multipart state: parking`, () => parkingRules(start));
  describe(`${name} keeps the rules of multipart state: ends`, () => endingRules(start));
}

type Start = (
  limits?: StoreLimits,
) => Promise<{ state: MultipartState; passMs(ms: number): Promise<void> }>;

function uploadRules(start: Start): void {
  it("finds an upload as it was created, at its place only", async () => {
    await using state = (await start()).state;
    const upload = anUpload();
    await state.create(upload);
    assert.deepEqual(await state.find(upload), upload);
    assert.deepEqual(await state.findById(upload.uploadId), upload);
    assert.equal(await state.findById("upload-2"), undefined);
    for (const other of [{ bucket: "other" }, { key: "other" }, { uploadId: "upload-2" }]) {
      assert.equal(await state.find({ ...upload, ...other }), undefined);
    }
  });

  it("refuses an upload id that is in use, or was a moment ago", async () => {
    await using state = (await start()).state;
    await state.create(anUpload());
    const again = { ...anUpload(), key: "another" };
    await assert.rejects(state.create(again), faultOf("state.unavailable"));
    assert.deepEqual(await state.find(anUpload()), anUpload());
    await state.complete(anUpload(), "done");
    await assert.rejects(state.create(again), faultOf("state.unavailable"));
  });

  it("keeps uploads apart whatever their ids look like", async () => {
    await using state = (await start()).state;
    const ids = ["*", "}", "a}:upload", "{a}", "ü/€", "2~Ab.c_-", "x".repeat(1024), "a b", "a\nb"];
    for (const id of ids) {
      await state.create(anUpload(id));
      await state.addAttempt(anUpload(id), anAttempt(1), Buffer.from(id));
    }
    const attempt = { partNumber: 1, etag: '"1-etag"' };
    for (const id of ids) {
      assert.equal(Buffer.from((await state.parked(anUpload(id), attempt)) ?? "").toString(), id);
    }
    assert.deepEqual((await listed(state)).map(({ uploadId }) => uploadId).sort(), ids.sort());
    for (const id of ["", "x".repeat(1025)]) {
      await assert.rejects(state.create(anUpload(id)), faultOf("state.unavailable"));
      assert.equal(await state.find(anUpload(id)), undefined);
      assert.equal(await state.completedResult(anUpload(id)), undefined);
    }
  });

  it("lists every upload, and counts them", async () => {
    await using state = (await start()).state;
    assert.deepEqual(await listed(state), []);
    const ids = Array.from({ length: 230 }, (_, index) => `upload-${1000 + index}`);
    for (const id of ids) await state.create(anUpload(id));
    assert.deepEqual(
      await listed(state),
      ids.map((id) => anUpload(id)),
    );
    assert.deepEqual(await state.check(), { activeUploads: 230 });
  });

  it("says when the state of an upload ends, later with every part", async () => {
    const { state, passMs } = await start({ ...GENEROUS, ttlMs: 60_000 });
    await state.create(anUpload());
    const expiry = async () => {
      for await (const { expiresAtMs } of state.list()) return expiresAtMs;
      return 0;
    };
    const first = await expiry();
    await passMs(20);
    await state.addAttempt(anUpload(), anAttempt(1));
    const second = await expiry();
    assert.ok(second >= first + 20 && second < first + 60_000, `${first} ${second}`);
    await state[Symbol.asyncDispose]();
  });

  it("lets all of an upload age out together, after its last part", async () => {
    const { state, passMs } = await start({ ...GENEROUS, ttlMs: 1000 });
    const upload = anUpload();
    await state.create(upload);
    await state.create(anUpload("idle"));
    await passMs(600);
    await state.addAttempt(upload, anAttempt(1), Buffer.from("parked"));
    await passMs(600);
    assert.equal(await state.find(anUpload("idle")), undefined);
    assert.deepEqual(await state.find(upload), upload);
    assert.ok(await state.parked(upload, anAttempt(1)));
    assert.equal((await state.attempts(upload)).length, 1);
    assert.deepEqual(await state.check(), { activeUploads: 1 });
    await passMs(600);
    assert.equal(await state.find(upload), undefined);
    assert.equal(await state.parked(upload, anAttempt(1)), undefined);
    await assert.rejects(state.attempts(upload), faultOf("state.unknown-upload"));
    const late = state.addAttempt(upload, anAttempt(2));
    await assert.rejects(late, faultOf("state.unknown-upload"));
    assert.deepEqual(await listed(state), []);
    assert.deepEqual(await state.check(), { activeUploads: 0 });
    await state[Symbol.asyncDispose]();
  });
}

function attemptRules(start: Start): void {
  it("keeps every attempt, in order, with everything known of it", async () => {
    await using state = (await start()).state;
    await state.create(anUpload());
    const [first, second, third] = [anAttempt(2), anAttempt(1), anAttempt(2, '"other"')];
    for (const attempt of [first, second, third]) await state.addAttempt(anUpload(), attempt);
    const kept = await state.attempts(anUpload());
    assert.deepEqual(
      kept.map(({ sequence, ...attempt }) => attempt),
      [second, first, third].map((attempt) => ({
        ...attempt,
        salt: Buffer.from(attempt.salt),
        isParked: false,
      })),
    );
    assert.ok((kept[1]?.sequence ?? 0) < (kept[0]?.sequence ?? 0));
    assert.ok((kept[0]?.sequence ?? 0) < (kept[2]?.sequence ?? 0));
  });

  it("gives attempts that come at once an order", async () => {
    await using state = (await start()).state;
    await state.create(anUpload());
    const adding = Array.from({ length: 40 }, (_, index) =>
      state.addAttempt(anUpload(), anAttempt(1 + (index % 4), `"${index}"`)),
    );
    const sequences = (await Promise.all(adding)).map(({ sequence }) => sequence);
    assert.equal(new Set(sequences).size, 40);
    const kept = await state.attempts(anUpload());
    assert.deepEqual(kept.map(({ sequence }) => sequence).sort(), sequences.sort());
  });

  it("voids two attempts at a part with one ETag, for good", async () => {
    await using state = (await start()).state;
    await state.create(anUpload());
    await state.addAttempt(anUpload(), anAttempt(1, '"twice"'), Buffer.from("parked"));
    await state.addAttempt(anUpload(), anAttempt(2, '"twice"'));
    for (let time = 0; time < 2; time++) {
      const clash = state.addAttempt(anUpload(), anAttempt(1, '"twice"'));
      await assert.rejects(clash, faultOf("state.unavailable"));
    }
    assert.deepEqual(
      (await state.attempts(anUpload())).map(({ partNumber }) => partNumber),
      [2],
    );
    assert.equal(await state.parked(anUpload(), { partNumber: 1, etag: '"twice"' }), undefined);
  });

  it("takes nothing for an upload that is not there, and leaves nothing behind", async () => {
    await using state = (await start()).state;
    const gone = anUpload();
    const attempt = anAttempt(1);
    const missing = faultOf("state.unknown-upload");
    await assert.rejects(state.addAttempt(gone, attempt), missing);
    await assert.rejects(state.addAttempt(gone, attempt, Buffer.from("parked")), missing);
    await assert.rejects(state.attempts(gone), missing);
    const known = { ...attempt, sequence: 1, isParked: true };
    await assert.rejects(state.unpark(gone, known, '"e"'), missing);
    assert.equal(await state.parked(gone, attempt), undefined);
    assert.deepEqual(await listed(state), []);
    assert.deepEqual(await state.check(), { activeUploads: 0 });
    await state.create(gone);
    assert.deepEqual(await state.attempts(gone), []);
  });
}

function parkingRules(start: Start): void {
  it("gives back what was parked, to the byte", async () => {
    await using state = (await start()).state;
    await state.create(anUpload());
    const ciphertext = randomBytes(PARK_LIMIT_BYTES - 1);
    const attempt = anAttempt(7);
    assert.equal((await state.addAttempt(anUpload(), attempt, ciphertext)).surplus, undefined);
    assert.equal(ciphertext.equals((await state.parked(anUpload(), attempt)) ?? Buffer.of()), true);
    assert.equal((await state.attempts(anUpload()))[0]?.isParked, true);
    const other = { partNumber: 7, etag: '"other"' };
    assert.equal(await state.parked(anUpload(), other), undefined);
    const whole = Buffer.alloc(PARK_LIMIT_BYTES);
    await assert.rejects(state.addAttempt(anUpload(), anAttempt(8), whole), RangeError);
  });

  it("drops parked bytes once a later attempt at the part came, parked or not", async () => {
    await using state = (await start()).state;
    await state.create(anUpload());
    const [first, second, third] = ["a", "b", "c"].map((etag) => anAttempt(1, etag));
    assert.ok(first && second && third);
    await state.addAttempt(anUpload(), first, Buffer.from("first"));
    await state.addAttempt(anUpload(), anAttempt(11), Buffer.from("eleven"));
    await state.addAttempt(anUpload(), second, Buffer.from("second"));
    assert.equal(await state.parked(anUpload(), first), undefined);
    assert.equal(String(await state.parked(anUpload(), second)), "second");
    await state.addAttempt(anUpload(), third);
    assert.equal(await state.parked(anUpload(), second), undefined);
    assert.equal(String(await state.parked(anUpload(), anAttempt(11))), "eleven");
    assert.equal((await state.attempts(anUpload())).length, 4);
  });

  it("names the lowest part to send up when one more is parked than may be, each once", async () => {
    await using state = (await start()).state;
    await state.create(anUpload());
    const surplus: (number | undefined)[] = [];
    const park = async (partNumber: number) => {
      const added = await state.addAttempt(anUpload(), anAttempt(partNumber), Buffer.of(1));
      if (added.surplus)
        assert.deepEqual(added.surplus.etag, anAttempt(added.surplus.partNumber).etag);
      return added.surplus?.partNumber;
    };
    for (let part = 1; part <= MAX_PARKED_PARTS; part++) surplus.push(await park(10 * part));
    assert.deepEqual(new Set(surplus), new Set([undefined]));
    assert.equal(await park(90), 10);
    assert.equal(await park(5), 5);
    assert.equal(await park(100), 20);
    assert.equal((await state.addAttempt(anUpload(), anAttempt(200))).surplus, undefined);
    assert.ok(await state.parked(anUpload(), anAttempt(5)));
  });

  it("remembers under which ETag a parked part went up", async () => {
    await using state = (await start()).state;
    await state.create(anUpload());
    const { sequence } = await state.addAttempt(anUpload(), anAttempt(1), Buffer.from("parked"));
    const [attempt] = await state.attempts(anUpload());
    assert.ok(attempt);
    await state.unpark(anUpload(), attempt, '"from the backend"');
    assert.equal(await state.parked(anUpload(), attempt), undefined);
    assert.deepEqual(await state.attempts(anUpload()), [
      { ...attempt, sequence, isParked: false, backendEtag: '"from the backend"' },
    ]);
  });

  it("does not touch an attempt that was replaced before it went up", async () => {
    await using state = (await start()).state;
    await state.create(anUpload());
    await state.addAttempt(anUpload(), anAttempt(1), Buffer.from("parked"));
    const [attempt] = await state.attempts(anUpload());
    assert.ok(attempt);
    await state.addAttempt(anUpload(), anAttempt(1, '"later"'));
    await state.unpark(anUpload(), attempt, '"up"');
    assert.deepEqual((await state.attempts(anUpload()))[0], attempt);
  });

  it("refuses to park more bytes than may be, and has room again as they go", async () => {
    // Sealing adds 29 bytes to each.
    await using state = (await start({ ...GENEROUS, maxParkedBytes: 3 * 1000 })).state;
    const bytes = Buffer.alloc(1000 - 29);
    const [one, two, three] = ["one", "two", "three"].map((id) => anUpload(id));
    assert.ok(one && two && three);
    for (const upload of [one, two, three]) await state.create(upload);
    const park = (upload: UploadRecord, partNumber: number) =>
      state.addAttempt(upload, anAttempt(partNumber), bytes);
    const isFull = () => assert.rejects(park(three, 9), faultOf("limit.busy"));
    for (const part of [1, 2]) await park(one, part);
    await park(two, 1);
    await isFull();
    assert.deepEqual(await state.attempts(three), []);
    await state.addAttempt(three, anAttempt(1));
    await state.addAttempt(one, anAttempt(1, '"unparked"'));
    await assert.rejects(park(three, 1), faultOf("state.unavailable"));
    await park(three, 2);
    await isFull();
    await state.remove(two);
    await park(three, 3);
    await isFull();
    await state.complete(one, "done");
    await park(three, 4);
    await isFull();
    const [parked] = (await state.attempts(three)).filter(({ isParked }) => isParked);
    assert.ok(parked);
    await state.unpark(three, parked, '"up"');
    await park(three, 5);
    await isFull();
  });
}

function endingRules(start: Start): void {
  it("keeps the first result of a Complete for an hour, and nothing else of the upload", async () => {
    const { state, passMs } = await start({ ...GENEROUS, ttlMs: 100 });
    const upload = anUpload();
    await state.create(upload);
    await state.addAttempt(upload, anAttempt(1), Buffer.from("parked"));
    assert.equal(await state.completedResult(upload), undefined);
    await state.complete(upload, "first");
    await state.complete(upload, "second");
    assert.equal(await state.completedResult(upload), "first");
    assert.equal(await state.completedResult({ ...upload, key: "other" }), undefined);
    assert.equal(await state.find(upload), undefined);
    assert.equal(await state.parked(upload, anAttempt(1)), undefined);
    await assert.rejects(state.attempts(upload), faultOf("state.unknown-upload"));
    const late = state.addAttempt(upload, anAttempt(2), Buffer.from("late"));
    await assert.rejects(late, faultOf("state.unknown-upload"));
    assert.deepEqual(await listed(state), []);
    await passMs(200);
    assert.equal(await state.completedResult(upload), "first");
    assert.equal(RESULT_TTL_MS, 3_600_000);
    await state[Symbol.asyncDispose]();
  });

  it("keeps a result even where the state of the upload was lost", async () => {
    await using state = (await start()).state;
    await state.complete(anUpload(), "done");
    assert.equal(await state.completedResult(anUpload()), "done");
  });

  it("removes everything of an upload, and only of that", async () => {
    await using state = (await start()).state;
    const [upload, other] = [anUpload("one"), anUpload("two")];
    for (const each of [upload, other]) {
      await state.create(each);
      await state.addAttempt(each, anAttempt(1), Buffer.from("parked"));
    }
    await state.remove(upload);
    await state.remove(upload);
    assert.equal(await state.find(upload), undefined);
    assert.equal(await state.parked(upload, anAttempt(1)), undefined);
    assert.deepEqual(await listed(state), [other]);
    assert.deepEqual(await state.check(), { activeUploads: 1 });
    await state.complete(other, "done");
    await state.remove(other);
    assert.equal(await state.completedResult(other), undefined);
  });
}
