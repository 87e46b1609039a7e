import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { chartFile, chartFiles } from "./make-chart-settings.ts";

interface Row {
  readonly path: string;
  readonly env: string;
  readonly services: readonly string[];
}

describe("what the chart knows of the settings", () => {
  it("is what the schemas say (npm run docs)", () => {
    for (const [path, text] of chartFiles()) {
      assert.ok(readFileSync(chartFile(path), "utf8") === text, `${path} is not up to date`);
    }
  });

  const rows = JSON.parse(chartFiles().get("files/settings.json") ?? "[]") as Row[];
  const servicesOf = (path: string) => rows.find((row) => row.path === path)?.services;

  it("gives every setting to somebody", () => {
    assert.ok(rows.length > 150);
    assert.deepEqual(
      rows.filter(({ services }) => services.length === 0),
      [],
    );
  });

  it("gives what opens keys to keys alone, the secret of data keys to keys and crypto, credentials to edge", () => {
    const secret = rows.filter(({ path }) =>
      /^encryption\.(?:password|formerPasswords|keyManager\.(?!dekCache))/.test(path),
    );
    assert.ok(secret.length > 30);
    for (const { path, services } of secret) assert.deepEqual([path, services], [path, ["keys"]]);
    assert.deepEqual(servicesOf("service.keysSecret"), ["crypto", "keys"]);
    assert.deepEqual(servicesOf("service.secret")?.length, 5);
    assert.deepEqual(servicesOf("backend.secretKey"), ["edge", "crypto"]);
    for (const { path, services } of rows.filter((row) => row.path.startsWith("auth."))) {
      assert.deepEqual([path, services], [path, ["edge"]]);
    }
  });
});
