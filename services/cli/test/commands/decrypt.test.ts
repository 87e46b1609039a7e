import assert from "node:assert/strict";
import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { isFault } from "@s3eg/shared/faults.ts";
import { decrypt } from "../../src/commands/decrypt.ts";
import { exitCodeOf } from "../../src/tool-arguments.ts";
import { COMPLETE, scratchFolder } from "../environment.ts";
import { BOX, sealedStore } from "./sealed-store.ts";

/** No backend answers there: what works with it works without one. */
const OFFLINE = COMPLETE;

/** The object in files, as somebody brings it from a disk. */
async function inFiles(folder: string, change: (bytes: Buffer) => Buffer = (bytes) => bytes) {
  await using store = await sealedStore(folder);
  await store.seal("k", "hello", 2);
  const { bytes, headers } = await store.stored("k");
  const path = (name: string) => join(folder, name);
  await writeFile(path("object"), change(bytes));
  await writeFile(path("flat.json"), JSON.stringify(headers));
  const Metadata = { s3eg: headers["x-amz-meta-s3eg"] };
  await writeFile(path("head.json"), JSON.stringify({ ETag: headers.etag, Metadata }));
  const args = (metadata: string) => [
    ...[BOX, "k", "--object", path("object")],
    ...["--metadata", path(metadata), "--out", path("out")],
  ];
  return { args, path };
}

describe("s3eg decrypt", () => {
  it("opens an object from its bytes and either form of its metadata", async () => {
    await using scratch = await scratchFolder();
    const { args, path } = await inFiles(scratch.folder);
    for (const metadata of ["flat.json", "head.json"]) {
      assert.match(await decrypt(args(metadata), OFFLINE), /^plaintext bytes +5$/m);
      assert.equal(await readFile(path("out"), "utf8"), "hello");
    }
  });

  it("opens sealed metadata with the bytes and tells them, and gives out nothing without them", async () => {
    await using scratch = await scratchFolder();
    await using store = await sealedStore(scratch.folder);
    const own = {
      "content-type": "text/x",
      "x-amz-meta-a": Buffer.from("ü\u009b").toString("latin1"),
    };
    await store.sealHidden("k", "hello", own);
    const { bytes, headers } = await store.stored("k");
    const path = (name: string) => join(scratch.folder, name);
    const args = ["--object", path("object"), "--metadata", path("headers"), "--out", path("out")];
    await writeFile(path("object"), bytes);
    const { "x-amz-meta-s3eg": s3eg, "x-amz-meta-s3eg-m": value } = headers;
    await writeFile(path("headers"), JSON.stringify({ Metadata: { s3eg, "s3eg-m": value } }));
    const told = await decrypt([BOX, "k", ...args], OFFLINE);
    assert.match(told, /^content-type +text\/x$/m);
    assert.match(told, /^x-amz-meta-a +ü\?$/m);
    assert.equal(await readFile(path("out"), "utf8"), "hello");
    await rm(path("out"));
    const json = JSON.parse(
      await decrypt([BOX, "k", ...args, "--output", "json"], OFFLINE),
    ) as object;
    assert.deepEqual((json as { metadata?: object }).metadata, {
      "content-type": "text/x",
      "x-amz-meta-a": "ü\u009b",
    });
    await rm(path("out"));
    await writeFile(path("headers"), JSON.stringify({ Metadata: { s3eg } }));
    const isIntegrity = (error: unknown) => isFault(error, "crypto.integrity");
    await assert.rejects(decrypt([BOX, "k", ...args], OFFLINE), isIntegrity);
  });

  it("leaves no file where the bytes, the place or the key are not genuine", async () => {
    await using scratch = await scratchFolder();
    const { args, path } = await inFiles(scratch.folder, (bytes) => {
      bytes.writeUInt8(bytes.readUInt8(0) ^ 1, 0);
      return bytes;
    });
    const isIntegrity = (error: unknown) => isFault(error, "crypto.integrity");
    await assert.rejects(decrypt(args("flat.json"), OFFLINE), isIntegrity);
    const elsewhere = [...args("flat.json"), "--bound-to", "other"];
    await assert.rejects(decrypt(elsewhere, OFFLINE), isIntegrity);
    const other = { ...OFFLINE, KEK: Buffer.alloc(32, 2).toString("base64") };
    await assert.rejects(decrypt(args("flat.json"), other), isIntegrity);
    const left = await readdir(scratch.folder);
    assert.deepEqual(
      left.filter((name) => name.startsWith("out")),
      [],
    );
    assert.ok(path("out"));
  });

  it("refuses metadata that is none, and arguments that are not complete", async () => {
    await using scratch = await scratchFolder();
    const { args, path } = await inFiles(scratch.folder);
    await writeFile(path("flat.json"), "[1]");
    await assert.rejects(decrypt(args("flat.json"), OFFLINE), /is not a JSON object/);
    await assert.rejects(decrypt([BOX, "k"], OFFLINE), (error) => exitCodeOf(error) === 2);
  });
});
