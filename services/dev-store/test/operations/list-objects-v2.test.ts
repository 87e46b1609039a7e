import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { XmlElement } from "@s3eg/shared/s3/xml.ts";
import { runningStore } from "../running-store.ts";

async function filledStore() {
  const running = await runningStore();
  for (const key of ["a", "b/1", "b/2", "c/1", "d%01", "e+f"]) {
    await running.send("PUT", `/photos/${key}`, { body: key });
  }
  return running;
}

async function walkPages(
  { send }: Awaited<ReturnType<typeof runningStore>>,
  { delimiter, size }: { delimiter: string; size: number },
): Promise<string[]> {
  const found: string[] = [];
  let token = "";
  do {
    const query = `list-type=2&delimiter=${delimiter}&max-keys=${size}${token}`;
    const listing = (await send("GET", `/photos?${query}`)).xml();
    assert.equal(listing.textOf("KeyCount"), `${names(listing).length}`);
    found.push(...names(listing));
    const next = listing.textOf("NextContinuationToken");
    token = next === undefined ? "" : `&continuation-token=${next}`;
  } while (token !== "");
  return found.sort();
}

/** Keys and common prefixes, in the order of their names. */
function names(listing: XmlElement): string[] {
  const found = listing.children.flatMap((child) => {
    if (child.name === "CommonPrefixes") return [child.textOf("Prefix") ?? ""];
    return child.name === "Contents" ? [child.textOf("Key") ?? ""] : [];
  });
  return found.sort();
}

describe("listings", () => {
  it("ListObjectsV2 walks all names in pages of any size", async () => {
    await using running = await filledStore();
    for (const delimiter of ["", "%2F"]) {
      for (let size = 1; size < 7; size++) {
        const found = await walkPages(running, { delimiter, size });
        const whole = ["a", "b/1", "b/2", "c/1", "d\u0001", "e+f"];
        const rolled = ["a", "b/", "c/", "d\u0001", "e+f"];
        assert.deepEqual(found, delimiter === "" ? whole : rolled);
      }
    }
  });

  it("ListObjectsV2 starts after a name, encodes on request, shows owners on request", async () => {
    await using running = await filledStore();
    const query = "list-type=2&start-after=c%2F1&encoding-type=url&fetch-owner=true";
    const listing = (await running.send("GET", `/photos?${query}`)).xml();
    assert.deepEqual(names(listing), ["d%01", "e%2Bf"]);
    assert.ok(listing.child("Contents")?.child("Owner"));
    const refused = [
      "list-type=3",
      "list-type=2&continuation-token=x",
      "encoding-type=gzip",
      "max-keys=-1",
    ];
    for (const bad of refused) {
      assert.equal((await running.send("GET", `/photos?${bad}`)).code, "InvalidArgument", bad);
    }
  });

  it("ListObjects says NextMarker with a delimiter only", async () => {
    await using running = await filledStore();
    const plain = (await running.send("GET", "/photos?max-keys=2")).xml();
    assert.deepEqual(
      [plain.textOf("IsTruncated"), plain.textOf("NextMarker")],
      ["true", undefined],
    );
    const rolled = (await running.send("GET", "/photos?max-keys=2&delimiter=%2F")).xml();
    assert.equal(rolled.textOf("NextMarker"), "b/");
    const next = (await running.send("GET", "/photos?delimiter=%2F&marker=b%2F")).xml();
    assert.deepEqual(names(next), ["c/", "d\u0001", "e+f"]);
    const within = (
      await running.send("GET", "/photos?delimiter=%2F&prefix=b%2F&marker=b%2F1")
    ).xml();
    assert.deepEqual(names(within), ["b/2"]);
    assert.deepEqual(names((await running.send("GET", "/photos?max-keys=0")).xml()), []);
  });

  it("ListObjectVersions pages through versions and markers of one key", async () => {
    await using running = await runningStore();
    const { send } = running;
    const status = "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>";
    await send("PUT", "/photos?versioning", { body: status });
    for (let version = 0; version < 3; version++)
      await send("PUT", "/photos/k", { body: `${version}` });
    await send("DELETE", "/photos/k");
    const found: string[] = [];
    let markers = "";
    do {
      const listing = (await send("GET", `/photos?versions&max-keys=1${markers}`)).xml();
      const [one] = [...listing.all("Version"), ...listing.all("DeleteMarker")];
      found.push(`${one?.name ?? ""} ${one?.textOf("IsLatest") ?? ""}`);
      const id = listing.textOf("NextVersionIdMarker");
      markers = id === undefined ? "" : `&key-marker=k&version-id-marker=${id}`;
    } while (markers !== "");
    assert.deepEqual(found, [
      "DeleteMarker true",
      "Version false",
      "Version false",
      "Version false",
    ]);
    const lone = await send("GET", "/photos?versions&version-id-marker=x");
    assert.equal(lone.code, "InvalidArgument");
  });

  it("ListBuckets pages through buckets", async () => {
    await using running = await runningStore();
    await running.send("PUT", "/another-bucket");
    const first = (await running.send("GET", "/?max-buckets=1")).xml();
    assert.equal(first.textOf("ContinuationToken"), "another-bucket");
    const rest = (await running.send("GET", "/?continuation-token=another-bucket")).xml();
    assert.equal(rest.child("Buckets")?.child("Bucket")?.textOf("Name"), "photos");
  });
});
