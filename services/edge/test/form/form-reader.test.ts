import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { describe, it } from "node:test";
import { type Body, bodyOfPieces, collectBody } from "@s3eg/shared/http/body.ts";
import fc from "fast-check";
import { type Form, readForm } from "../../src/form/form-reader.ts";
import { formBytes } from "./form-bytes.ts";

const BOUNDARY = "b0";
const LARGE = 1024 * 1024 + 500;

function pieces(bytes: Buffer, size: number): Buffer[] {
  const list: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += size) list.push(bytes.subarray(at, at + size));
  return list;
}

function read(bytes: Buffer, pieceBytes = 64 * 1024, contentLength = bytes.length): Promise<Form> {
  return readForm(bodyOfPieces(pieces(bytes, pieceBytes)), { boundary: BOUNDARY, contentLength });
}

const whole = (form: Form) => collectBody(form.file.body, 1e9, () => new Error("too large"));

async function refuses(code: string, bytes: Buffer, contentLength = bytes.length): Promise<void> {
  const reading = read(bytes, 64 * 1024, contentLength).then(whole);
  await assert.rejects(reading, { code });
}

describe("readForm", () => {
  const fields = { Key: "a/b", acl: "private", empty: "", lines: "one\r\n--two\r\n" };

  it("reads fields by lower-case name, and the file after them", async () => {
    const file = { name: "cat.txt", bytes: Buffer.from("meow") };
    const form = await read(formBytes({ fields, file }));
    assert.deepEqual(Object.fromEntries(form.fields), {
      key: "a/b",
      acl: "private",
      empty: "",
      lines: "one\r\n--two\r\n",
    });
    assert.equal(form.file.fileName, "cat.txt");
    assert.equal(form.file.sizeBytes, 4);
    assert.equal((await whole(form)).toString(), "meow");
  });

  it("reads the same whatever the pieces are", async () => {
    const content = Buffer.from("\r\n--b1\r\n--b\r\r\n-\r\n--");
    const bytes = formBytes({ fields, file: { name: "f", bytes: content } });
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: bytes.length }), async (size) => {
        const form = await read(bytes, size);
        assert.equal(form.fields.get("lines"), "one\r\n--two\r\n");
        assert.deepEqual(await whole(form), content);
      }),
    );
  });

  it("takes an empty file", async () => {
    const form = await read(formBytes({ fields, file: { name: "", bytes: Buffer.alloc(0) } }));
    assert.equal(form.file.sizeBytes, 0);
    assert.equal((await whole(form)).length, 0);
  });

  it("ignores what follows a small file, and how the form ends", async () => {
    const file = { name: "f", bytes: Buffer.from("meow") };
    for (const more of [
      { after: { submit: "Upload" } },
      { end: "--" },
      { end: "--\r\nepilogue" },
    ]) {
      const form = await read(formBytes({ fields, file, ...more }));
      assert.equal((await whole(form)).toString(), "meow");
    }
  });

  it("streams a large file, whose size it knows before its first byte", async () => {
    const content = randomBytes(LARGE);
    const bytes = formBytes({ fields, file: { name: "f", bytes: content } });
    for (const size of [64 * 1024, 1021, bytes.length]) {
      const form = await read(bytes, size);
      assert.equal(form.file.sizeBytes, LARGE);
      assert.ok((await whole(form)).equals(content));
    }
  });

  it("finds the end of a large file wherever pieces are cut", async () => {
    const content = Buffer.alloc(LARGE, "\r\n--b");
    const bytes = formBytes({ file: { name: "f", bytes: content } });
    const head = bytes.indexOf("\r\n\r\n") + 4;
    for (let cut = bytes.length - 14; cut < bytes.length; cut += 1) {
      const body = bodyOfPieces([
        bytes.subarray(0, head),
        bytes.subarray(head, cut),
        bytes.subarray(cut),
      ]);
      const form = await readForm(body, { boundary: BOUNDARY, contentLength: bytes.length });
      assert.ok((await whole(form)).equals(content), `cut at ${cut}`);
    }
  });

  it("holds a large file back until somebody takes it", async () => {
    const bytes = formBytes({ file: { name: "f", bytes: Buffer.alloc(LARGE) } });
    let taken = 0;
    const counting: Body = {
      async pump(take) {
        for (const piece of pieces(bytes, 64 * 1024)) {
          taken += 1;
          await take(piece);
        }
      },
      destroy: () => undefined,
    };
    const form = await readForm(counting, { boundary: BOUNDARY, contentLength: bytes.length });
    await new Promise(setImmediate);
    assert.equal(taken, 1);
    assert.equal((await whole(form)).length, LARGE);
  });

  it("refuses fields after a large file: its size would not be known", async () => {
    const file = { name: "f", bytes: Buffer.alloc(LARGE) };
    await refuses("MalformedPOSTRequest", formBytes({ file, after: { submit: "x" } }));
    await refuses("MalformedPOSTRequest", formBytes({ file, end: "--" }));
    await refuses("MalformedPOSTRequest", formBytes({ file, end: "--\r\n\r\n" }));
  });

  it("refuses a large file that is cut, without ending it", async () => {
    const bytes = formBytes({ file: { name: "f", bytes: Buffer.alloc(LARGE) } });
    await refuses("MalformedPOSTRequest", bytes.subarray(0, -10), bytes.length);
  });

  it("refuses a large file whose bytes hold the delimiter", async () => {
    const content = Buffer.concat([Buffer.alloc(LARGE), Buffer.from("\r\n--b0--\r\nmore")]);
    await refuses("MalformedPOSTRequest", formBytes({ file: { name: "f", bytes: content } }));
  });

  it("refuses what is no form, or has no file", async () => {
    await refuses("InvalidArgument", formBytes({ fields }));
    await refuses("MalformedPOSTRequest", Buffer.from("nothing of the kind"));
    await refuses("MalformedPOSTRequest", Buffer.alloc(0));
    await refuses("MalformedPOSTRequest", Buffer.from("--b0 x\r\n\r\n"));
    await refuses("MalformedPOSTRequest", Buffer.from("--b0\r\nX: y\r\n\r\nz\r\n--b0--\r\n"));
    const cut = formBytes({ fields, file: { name: "f", bytes: Buffer.from("meow") } });
    for (const length of [10, 60, cut.length - 8]) {
      await refuses("MalformedPOSTRequest", cut.subarray(0, length));
    }
  });

  it("refuses a field that is given twice, in whatever case", async () => {
    const file = { name: "f", bytes: Buffer.from("meow") };
    await refuses("InvalidArgument", formBytes({ fields: { key: "a", KEY: "b" }, file }));
  });

  it("bounds one field, all fields, and their heads", async () => {
    const file = { name: "f", bytes: Buffer.from("meow") };
    const long = (bytes: number) => "x".repeat(bytes);
    await read(formBytes({ fields: { a: long(20 * 1024) }, file }));
    await refuses(
      "MaxPostPreDataLengthExceeded",
      formBytes({ fields: { a: long(20 * 1024 + 1) }, file }),
    );
    const many = Object.fromEntries(
      Array.from({ length: 53 }, (_, n) => [`f${n}`, long(20 * 1024)]),
    );
    await refuses("MaxPostPreDataLengthExceeded", formBytes({ fields: many, file }));
    await refuses(
      "MaxPostPreDataLengthExceeded",
      formBytes({ fields: { [long(9 * 1024)]: "a" }, file }),
    );
  });

  it("gives the request up when the file is not wanted", async () => {
    const bytes = formBytes({ file: { name: "f", bytes: Buffer.alloc(LARGE) } });
    const raw = bodyOfPieces(pieces(bytes, 64 * 1024));
    const gone: unknown[] = [];
    const watched: Body = {
      pump: (take) => raw.pump(take),
      destroy: (reason) => gone.push(reason),
    };
    const form = await readForm(watched, { boundary: BOUNDARY, contentLength: bytes.length });
    form.file.body.destroy("not wanted");
    assert.deepEqual(gone, ["not wanted"]);
  });

  it("says why the request failed before the file", async () => {
    const failing: Body = {
      pump: () => Promise.reject(new Error("cut")),
      destroy: () => undefined,
    };
    await assert.rejects(readForm(failing, { boundary: BOUNDARY, contentLength: 10 }), /cut/);
  });
});
