import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { probePut } from "../../src/rewrap/put-condition.ts";
import { answer, MemoryBackend } from "../memory-backend.ts";

/** A store that heeds If-Match in one of three ways: as it commits, as the request begins, or with the object locked meanwhile. */
function store(way: "commit" | "begin" | "lock" | "revive") {
  const backend = new MemoryBackend();
  const send = backend.send.bind(backend);
  const place = "photos/probe";
  const isMatch = (wanted: string | undefined) => {
    const found = backend.objects.get(place);
    if (wanted === undefined || (way === "revive" && !found)) return true;
    return found?.etag === wanted;
  };
  let lock = Promise.resolve<unknown>(undefined);
  backend.intercept = ({ method, headers = {} }) => {
    const isCompared = way !== "begin" && method === "PUT";
    return isCompared && !isMatch(headers["if-match"]) ? answer(412) : undefined;
  };
  const put: typeof send = async (request) => {
    if (way === "begin" && !isMatch(request.headers?.["if-match"])) return answer(412);
    return await send(request);
  };
  backend.send = async (request) => {
    if (request.method !== "PUT") return await send(request);
    if (way !== "lock") return await put(request);
    const done = lock.then(async () => await put(request));
    lock = done.catch(() => undefined);
    return await done;
  };
  return { backend, bucket: "photos", key: "probe" };
}

describe("probePut", () => {
  it("believes a store that compares as it commits", async () => {
    assert.deepEqual(await probePut(store("commit")), { isHeeded: true, isLocking: false });
  });

  it("does not believe one that compares when the request begins, and forgets", async () => {
    assert.equal((await probePut(store("begin"))).isHeeded, false);
  });

  it("does not believe one that makes an object anew which was deleted", async () => {
    assert.equal((await probePut(store("revive"))).isHeeded, false);
  });

  it("sees that one locks the object, and believes it", async () => {
    assert.deepEqual(await probePut(store("lock")), { isHeeded: true, isLocking: true });
  });
});
