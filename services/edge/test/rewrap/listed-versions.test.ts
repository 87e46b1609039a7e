import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { listedVersions, type Marker } from "../../src/rewrap/listed-versions.ts";
import { answer, MemoryBackend, refusal } from "../memory-backend.ts";

type Asked = Readonly<Record<string, string>>;

/** A store with these pages. */
function backendOf(versioning: string, pages: readonly string[]) {
  const asked: Asked[] = [];
  const backend = new MemoryBackend();
  backend.intercept = ({ query = [] }) => {
    if (query.some(([name]) => name === "versioning")) return answer(200, {}, versioning);
    asked.push(Object.fromEntries(query));
    const page = pages[asked.length - 1];
    return page === undefined ? refusal(500, "NoMorePages") : answer(200, {}, page);
  };
  return { backend, asked };
}

async function all(backend: MemoryBackend, after?: Marker) {
  const pages = [];
  const listing = { bucket: "photos", prefix: "a", after };
  for await (const page of listedVersions(backend, listing)) pages.push(page);
  return pages;
}

const mpu = `x.${"0".repeat(16)}.mpu-manifest`;

describe("listedVersions", () => {
  it("goes from page to page, and leaves companions out", async () => {
    const first = `<L><EncodingType>url</EncodingType><IsTruncated>true</IsTruncated><Contents><Key>a%20b</Key></Contents><Contents><Key>${mpu}</Key></Contents></L>`;
    const second = "<L><IsTruncated>false</IsTruncated><Contents><Key>c</Key></Contents></L>";
    const { backend, asked } = backendOf("<VersioningConfiguration/>", [first, second]);
    assert.deepEqual(await all(backend, { key: "A" }), [
      { objects: [{ key: "a b" }], marker: { key: mpu } },
      { objects: [{ key: "c" }], marker: { key: "c" } },
    ]);
    assert.deepEqual(
      asked.map((query) => [query["start-after"], query.prefix]),
      [
        ["A", "a"],
        [mpu, "a"],
      ],
    );
  });

  it("has former versions by their id, and no delete markers", async () => {
    const version = (key: string, id: string, isLatest: boolean) =>
      `<Version><Key>${key}</Key><VersionId>${id}</VersionId><IsLatest>${isLatest}</IsLatest></Version>`;
    const marker = "<DeleteMarker><Key>z</Key><VersionId>4</VersionId></DeleteMarker>";
    const listed = [version("a", "2", true), version("a", "1", false), marker].join("");
    const pages = [`<L><IsTruncated>true</IsTruncated>${listed}</L>`, "<L></L>"];
    const status = "<VersioningConfiguration><Status>Suspended</Status></VersioningConfiguration>";
    const { backend, asked } = backendOf(status, pages);
    const [page, ...more] = await all(backend);
    assert.deepEqual(page?.objects, [{ key: "a" }, { key: "a", versionId: "1" }]);
    assert.equal(more.length, 0);
    assert.deepEqual([asked[1]?.["key-marker"], asked[1]?.["version-id-marker"]], ["z", "4"]);
  });

  it("is not stopped by a key that is not UTF-8", async () => {
    const page =
      "<L><EncodingType>url</EncodingType><Contents><Key>a%FF</Key></Contents><Contents><Key>b</Key></Contents></L>";
    const { backend } = backendOf("<VersioningConfiguration/>", [page]);
    const [first] = await all(backend);
    assert.deepEqual(first?.objects, [{ key: "a%FF" }, { key: "b" }]);
  });

  it("does not go round in circles with a backend that does", async () => {
    const page = "<L><IsTruncated>true</IsTruncated><Contents><Key>c</Key></Contents></L>";
    const { backend } = backendOf("<VersioningConfiguration/>", [page, page, page]);
    await assert.rejects(all(backend), { code: "backend.unavailable" });
  });

  it("throws what the backend refuses with", async () => {
    const { backend } = backendOf("<VersioningConfiguration/>", []);
    await assert.rejects(all(backend), { code: "backend.refused" });
  });
});
