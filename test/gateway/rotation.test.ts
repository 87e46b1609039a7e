import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { C, plaintextOf } from "./plaintext.ts";
import { type RotatingGateway, rotatingGateway } from "./rotating-gateway.ts";
import { BUCKET } from "./running-gateway.ts";
import { MIN_PART, Uploading } from "./uploading.ts";
import { pathOf } from "./wire-client.ts";

const pathsOf = (name: string, count: number) =>
  Array.from({ length: count }, (_, at) => pathOf(BUCKET, `${name}/${at}`));

describe("rotation", () => {
  let at: RotatingGateway;
  before(async () => {
    at = await rotatingGateway();
  });
  after(() => at[Symbol.asyncDispose]());

  const put = async (path: string, body: Uint8Array | string, headers = {}) => {
    const answer = await at.gateway.client.send("PUT", path, { body, headers });
    assert.equal(answer.status, 200, answer.text);
    return answer.headers.etag;
  };
  const read = async (path: string) => {
    const answer = await at.gateway.client.send("GET", path);
    assert.equal(answer.status, 200, answer.text);
    return answer;
  };

  it("brings objects under another version, keeps all that is with them, and needs the former one no more", async () => {
    const path = pathOf(BUCKET, "kept/ä b");
    const body = plaintextOf(2 * C + 5, 1);
    const headers = {
      "content-type": "text/plain",
      "cache-control": "no-store",
      "x-amz-meta-color": "red",
      "x-amz-tagging": "team=a&size=1",
    };
    const etag = await put(path, body, headers);
    const big = await Uploading.begin(at.gateway, "kept/parts", headers);
    const bodies = [plaintextOf(MIN_PART, 2), plaintextOf(C, 3)];
    const named = [await big.part(1, bodies[0] ?? body), await big.part(2, bodies[1] ?? body)];
    assert.equal((await big.complete(named)).status, 200);
    const bigEtag = (await read(big.path)).headers.etag;
    await at.keys("rotate", "2");
    assert.match(await at.rewrap(["--dry-run"]), /: 2 waiting\n {2}2 waiting: aes 1 /);
    assert.equal(await at.versionOf(path), 1);
    assert.match(await at.rewrap(), /: 2 rewrapped\n/);
    assert.deepEqual([await at.versionOf(path), await at.versionOf(big.path)], [2, 2]);
    await at.keys("retire", "1");
    const single = await read(path);
    assert.deepEqual(single.bytes, body);
    assert.equal(single.headers.etag, etag);
    for (const [name, value] of Object.entries(headers).filter(([one]) => !/tagging/.test(one))) {
      assert.equal(single.headers[name], value, name);
    }
    const tags = await at.gateway.client.send("GET", path, { query: "tagging=" });
    assert.match(tags.text, /<Key>team<\/Key><Value>a<\/Value>/);
    const whole = await read(big.path);
    assert.deepEqual(whole.bytes, Buffer.concat(bodies));
    assert.equal(whole.headers.etag, bigEtag);
    assert.match(await at.rewrap(), /: 2 current\n/);
    await at.keys("restore", "1");
  });

  it("refuses what needs a retired version, at once", async () => {
    const path = pathOf(BUCKET, "retired");
    await at.keys("rotate", "1");
    await put(path, "sealed under 1");
    await at.keys("rotate", "2");
    await assert.rejects(at.keys("retire", "1"), { code: "input.invalid" });
    await at.keys("retire", "--force", "1");
    const refused = await at.gateway.client.send("GET", path);
    assert.ok(refused.status >= 400, String(refused.status));
    assert.match(await at.rewrap(["--prefix", "retired"]), /1 failed: keys\.unknown-key/);
    await at.keys("restore", "1");
    assert.equal((await read(path)).text, "sealed under 1");
    await at.gateway.client.send("DELETE", path);
  });

  it("loses no write that happens meanwhile: what is read in the end was written last", async () => {
    const paths = pathsOf("raced", 12);
    const last = new Map<string, string>();
    for (const path of paths) await put(path, "first");
    let isOver = false;
    let failures = 0;
    const writers = paths.map(async (path, index) => {
      for (let round = 0; !isOver; round += 1) {
        const text = `${index} in round ${round}`;
        await put(path, text);
        last.set(path, text);
        if ((await at.gateway.client.send("GET", path)).text !== text) failures += 1;
      }
    });
    for (const version of ["3", "1", "3"]) {
      await at.keys("rotate", version);
      await at.rewrap(["--prefix", "raced/"]);
    }
    isOver = true;
    await Promise.all(writers);
    assert.equal(failures, 0);
    await at.rewrap(["--prefix", "raced/"]);
    for (const path of paths) {
      assert.equal((await read(path)).text, last.get(path));
      assert.equal(await at.versionOf(path), 3);
    }
  });

  it("goes on after an interruption at any object, and then has lost and left out nothing", async () => {
    const paths = pathsOf("stopped", 20);
    for (const path of paths) await put(path, path);
    for (const [version, pause] of [
      ["1", 0],
      ["2", 3],
      ["3", 7],
    ] as const) {
      await at.keys("rotate", version);
      const stop = new AbortController();
      const stopped = at.rewrap(["--prefix", "stopped/", "--rate", "200"], { signal: stop.signal });
      setTimeout(() => stop.abort(), 40 + pause * 5).unref();
      await stopped.catch(() => undefined);
      for (const path of paths) assert.equal((await read(path)).text, path);
      await at.rewrap(["--prefix", "stopped/"]);
      for (const path of paths) {
        assert.equal((await read(path)).text, path);
        assert.equal(await at.versionOf(path), Number(version));
      }
    }
  });

  it("says what former versions of objects need, and removes those that it made where that is wished", async () => {
    const path = pathOf(BUCKET, "versions");
    const enabled = "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>";
    await at.gateway.client.send("PUT", `/${BUCKET}`, { query: "versioning=", body: enabled });
    await at.keys("rotate", "1");
    await put(path, "older");
    await put(path, "newer");
    await at.keys("rotate", "3");
    const prefix = ["--prefix", "versions"];
    const report = await at.rewrap([...prefix, "--remove-superseded"]);
    assert.match(report, /1 rewrapped, 1 skipped|1 skipped, 1 rewrapped/);
    assert.match(report, /1 skipped: former version, under aes 1 /);
    assert.equal((await read(path)).text, "newer");
    assert.equal(await at.versionOf(path), 3);
    const listed = await at.gateway.behind.send("GET", `/${BUCKET}`, {
      query: "prefix=versions&versions=",
    });
    assert.equal(listed.text.match(/<Version>/g)?.length, 2);
  });

  it("refuses a wrong command line", async () => {
    for (const args of [["--rate", "0"], ["--rate", "fast"], ["--force"]]) {
      await assert.rejects(at.rewrap(args), { code: "input.invalid", message: /usage/ });
    }
  });
});
