import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { formBoundary, isForm, parsePartHead } from "../../src/form/form-part.ts";

describe("parsePartHead", () => {
  it("reads name and file name, quoted or not, among other lines", () => {
    assert.deepEqual(parsePartHead('Content-Disposition: form-data; name="Key"'), {
      name: "key",
      fileName: "",
    });
    assert.deepEqual(
      parsePartHead(
        'Content-Type: text/plain\r\ncontent-disposition:form-data; name=file; filename="ü b.txt"',
      ),
      { name: "file", fileName: "ü b.txt" },
    );
  });

  it("keeps the last part of a path, and quotes that were escaped", () => {
    const head = (fileName: string) =>
      parsePartHead(`Content-Disposition: form-data; name="file"; filename="${fileName}"`);
    assert.equal(head("C:\\Users\\me\\a.txt")?.fileName, "a.txt");
    assert.equal(head("/home/me/a.txt")?.fileName, "a.txt");
    assert.equal(head('a\\"b')?.fileName, 'a"b');
    assert.equal(head("a;b=c")?.fileName, "a;b=c");
  });

  it("refuses a head that names nothing", () => {
    for (const head of [
      "",
      "Content-Type: text/plain",
      "Content-Disposition: attachment; name=a",
      "Content-Disposition: form-data",
      'Content-Disposition: form-data; name=""',
      'Content-Disposition: form-data; filename="a"',
    ]) {
      assert.equal(parsePartHead(head), undefined, head);
    }
  });
});

describe("formBoundary", () => {
  it("is what the type of a form names", () => {
    assert.equal(formBoundary("multipart/form-data; boundary=abc"), "abc");
    assert.equal(formBoundary('Multipart/Form-Data; charset=utf-8; boundary="a b"'), "a b");
    assert.equal(formBoundary("multipart/form-data;boundary=a:b; charset=x"), "a:b");
  });

  it("is there for nothing else", () => {
    for (const type of [
      undefined,
      "",
      "multipart/form-data",
      "multipart/form-data; boundary=",
      `multipart/form-data; boundary=${"a".repeat(71)}`,
      "multipart/mixed; boundary=a",
      "text/plain; boundary=a",
    ]) {
      assert.equal(formBoundary(type), undefined, type);
    }
  });

  it("may be missing from what is a form all the same", () => {
    assert.equal(isForm("multipart/form-data"), true);
    assert.equal(isForm("multipart/form-data; boundary=a"), true);
    assert.equal(isForm("multipart/form-database"), false);
    assert.equal(isForm(undefined), false);
  });
});
