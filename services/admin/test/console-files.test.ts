import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { consoleFiles } from "../src/console-files.ts";

const files = consoleFiles();
const page = files.get("/console/");

describe("the files of the console", () => {
  it("are the page, and all that it names", () => {
    assert.equal(page?.headers?.["content-type"], "text/html; charset=utf-8");
    const named = [...(page?.body ?? "").matchAll(/(?:src|href)="(?<name>[^"]+)"/g)];
    assert.ok(named.length > 5);
    for (const { groups = {} } of named) {
      assert.ok(files.has(`/console/${groups.name}`), groups.name);
    }
  });

  it("import nothing that is not among them", () => {
    for (const [path, { body }] of files) {
      for (const { groups = {} } of body.matchAll(/^import .* from "(?<from>[^"]+)";$/gm)) {
        const target = new URL(groups.from ?? "", `http://h${path}`).pathname;
        assert.ok(files.has(target), `${path}: ${groups.from}`);
      }
    }
  });

  it("name no other place, and hold no script or style inside the page", () => {
    for (const [path, { body }] of files) {
      const places = body.matchAll(/https?:\/\/[^"'\s)]+/g);
      assert.deepEqual(
        [...places].map(String).filter((place) => !place.includes("www.w3.org")),
        [],
        path,
      );
    }
    assert.doesNotMatch(page?.body ?? "", /<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=/);
  });

  it("are all served under a policy that lets nothing else in", () => {
    for (const [path, { status, headers = {} }] of files) {
      if (status !== 200) continue;
      const policy = headers["content-security-policy"] ?? "";
      assert.match(policy, /default-src 'none'/, path);
      assert.doesNotMatch(policy, /unsafe|\*|https?:/, path);
    }
  });

  it("are led to from the name without the slash, and are nothing else of this folder", () => {
    assert.equal(files.get("/console")?.headers?.location, "/console/");
    assert.ok(![...files.keys()].some((path) => path.includes("..") || path.endsWith(".json")));
    const names = readdirSync(join(import.meta.dirname, "../src/console"));
    assert.ok(names.includes("tsconfig.json"));
  });
});
