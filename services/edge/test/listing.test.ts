import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { storedSizeOf } from "@s3eg/shared/format/sizes.ts";
import { el, parseXml, S3_NAMESPACE, type XmlContent, xmlDocument } from "@s3eg/shared/s3/xml.ts";
import { answer } from "./memory-backend.ts";
import { runningEdge, STANDARD } from "./running-edge.ts";

const MD5 = "d41d8cd98f00b204e9800998ecf8427e";

/** What a client sees of a listing with these children. */
async function listed(...children: XmlContent[]): Promise<string> {
  await using edge = await runningEdge();
  const xml = xmlDocument(el("ListBucketResult", ...children), { hasNamespace: true });
  edge.backend.intercept = () => answer(200, { "content-type": "application/xml" }, xml);
  const { text, status } = await edge.send({ method: "GET", path: "/photos?list-type=2" });
  assert.equal(status, 200);
  return text;
}

const contents = (key: string, size: number, etag = `"${MD5}"`) =>
  el("Contents", el("Key", key), el("ETag", etag), el("Size", size), el("StorageClass", "S"));

describe("a listing", () => {
  it("shows plaintext sizes and the client's ETags, all else as it was and where it was", async () => {
    const owner = el("Owner", el("ID", "1"), el("DisplayName", ""));
    const text = await listed(
      el("Name", "photos"),
      el("Prefix", ""),
      contents("a", storedSizeOf(0)),
      el("CommonPrefixes", el("Prefix", "x/")),
      el(
        "Contents",
        owner,
        el("Size", storedSizeOf(70_000)),
        el("ETag", MD5),
        el("Unheard", el("Of", "2")),
      ),
      el("IsTruncated", false),
    );
    assert.equal(
      text,
      `<?xml version="1.0" encoding="UTF-8"?>\n<ListBucketResult xmlns="${S3_NAMESPACE}"><Name>photos</Name><Prefix></Prefix>` +
        `<Contents><Key>a</Key><ETag>&quot;${MD5}-0&quot;</ETag><Size>0</Size><StorageClass>S</StorageClass></Contents>` +
        "<CommonPrefixes><Prefix>x/</Prefix></CommonPrefixes>" +
        `<Contents><Owner><ID>1</ID><DisplayName></DisplayName></Owner><Size>70000</Size><ETag>${MD5}-0</ETag><Unheard><Of>2</Of></Unheard></Contents>` +
        "<IsTruncated>false</IsTruncated></ListBucketResult>",
    );
  });

  it("keeps keys to the byte: control characters, white space, markup", async () => {
    for (const key of ["\u0001\u001f", " a  b ", "<&>\"'", "a\r\n\tb", "é😀\u2028"]) {
      const root = parseXml(await listed(contents(key, storedSizeOf(1))));
      assert.equal(root.child("Contents")?.textOf("Key"), key);
    }
  });

  it("leaves encoded keys encoded", async () => {
    const text = await listed(el("EncodingType", "url"), contents("a%2Fb+%FF%01", storedSizeOf(1)));
    assert.match(text, /<Key>a%2Fb\+%FF%01<\/Key>/);
  });

  it("that is no XML is the backend's fault", async () => {
    await using edge = await runningEdge();
    edge.backend.intercept = () => answer(200, {}, "<ListBucketResult>");
    const { status, code } = await edge.send({ method: "GET", path: "/photos" });
    assert.deepEqual([status, code], [503, "ServiceUnavailable"]);
  });

  it("does not show checksums of stored bytes", async () => {
    const algorithm = el("ChecksumAlgorithm", "CRC64NVME");
    const entry = el("Contents", el("Key", "a"), algorithm, el("ChecksumType", "FULL_OBJECT"));
    const text = await listed(entry);
    assert.match(text, /<Contents><Key>a<\/Key><\/Contents>/);
  });

  it("tells which checksum the plaintext has where the backend tells which the stored bytes have", async () => {
    const rules = [{ ...STANDARD, buckets: ["photos"], etag: "md5", checksum: "always" } as const];
    await using edge = await runningEdge({ rules });
    await edge.send({ method: "PUT", path: "/photos/a", body: "x" });
    const etag = edge.backend.objects.get("photos/a")?.etag ?? "";
    const entry = (...checksum: XmlContent[]) =>
      el("ListBucketResult", el("Contents", el("Key", "a"), el("ETag", etag), ...checksum));
    const list = async (...checksum: XmlContent[]) => {
      edge.backend.intercept = () => answer(200, {}, xmlDocument(entry(...checksum)));
      return (await edge.send({ method: "GET", path: "/photos" })).xml().child("Contents");
    };
    const told = await list(el("ChecksumAlgorithm", "SHA1"), el("ChecksumType", "COMPOSITE"));
    assert.deepEqual(
      [told?.textOf("ChecksumAlgorithm"), told?.textOf("ChecksumType")],
      ["CRC64NVME", "FULL_OBJECT"],
    );
    assert.equal((await list())?.child("ChecksumAlgorithm"), undefined);
  });

  it("of versions tells plaintext sizes and ETags of versions and leaves delete markers as they are", async () => {
    const version = el("VersionId", "null");
    const text = await listed(
      el("DeleteMarker", el("Key", "a"), el("VersionId", "v2"), el("IsLatest", true)),
      el("Version", el("Key", "a"), version, el("Size", storedSizeOf(3)), el("ETag", `"${MD5}"`)),
    );
    const marker =
      "<DeleteMarker><Key>a</Key><VersionId>v2</VersionId><IsLatest>true</IsLatest></DeleteMarker>";
    const shown = `<Version><Key>a</Key><VersionId>null</VersionId><Size>3</Size><ETag>&quot;${MD5}-0&quot;</ETag></Version>`;
    assert.ok(text.includes(marker + shown), text);
  });
});
