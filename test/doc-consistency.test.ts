import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
// biome-ignore lint/performance/noNamespaceImport: the names of its exports are what is compared.
import * as sdk from "@aws-sdk/client-s3";
import { OPERATIONS } from "../services/edge/src/inbox.ts";
import { S3_ERRORS } from "../services/edge/src/s3/errors.ts";
import { toS3Error } from "../services/edge/src/s3/to-s3-error.ts";
import { FAULTS, Fault, type FaultCode } from "../shared/src/faults.ts";
import { configurationDocs } from "./make-configuration-docs.ts";

const read = (path: string) => readFileSync(new URL(`../${path}`, import.meta.url), "utf8");

/** The rows of the table under a header row, as cells. */
function tableOf(path: string, header: readonly string[]): string[][] {
  const lines = read(path).split("\n");
  const at = lines.indexOf(`| ${header.join(" | ")} |`);
  assert.ok(at >= 0, `${path} has no table ${header.join(", ")}`);
  const rest = lines.slice(at + 2);
  const end = rest.findIndex((line) => !line.startsWith("|"));
  return rest.slice(0, end < 0 ? undefined : end).map((line) =>
    line
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

describe("docs/errors.md", () => {
  it("has a row for every S3 error with its status, and no other", () => {
    const rows = tableOf("docs/errors.md", ["S3 code", "status", "when"]);
    const documented = rows.map(([code, status]) => `${code} ${status}`);
    const real = Object.entries(S3_ERRORS).map(([code, { status }]) => `${code} ${status}`);
    assert.deepEqual(documented, real);
    assert.ok(rows.every(([, , when = ""]) => when.length > 10));
  });

  it("has a row for every fault with the S3 error it becomes, and no other", () => {
    const header = ["fault", "retryable", "S3 code", "what happened"];
    const rows = tableOf("docs/errors.md", header).map((cells) => cells.slice(0, 3));
    const codes = Object.keys(FAULTS) as FaultCode[];
    const real = codes.map((code) => [
      code,
      FAULTS[code].isRetryable ? "yes" : "no",
      toS3Error(new Fault(code, "for the table")).code,
    ]);
    assert.deepEqual(rows, real);
  });
});

/** The one operation that browsers have and SDKs do not. */
const FORM_UPLOAD = "PostObject";

describe("docs/s3-coverage.md", () => {
  const rows = tableOf("docs/s3-coverage.md", ["operation", "state", "word"]);

  it("has a row for every operation of the S3 API, and no other", () => {
    const commands = Object.keys(sdk)
      .filter((name) => /^[A-Z].*Command$/.test(name))
      .map((name) => name.slice(0, -"Command".length));
    assert.ok(commands.length > 100);
    assert.deepEqual(
      rows.map(([operation]) => operation),
      commands.sort(),
    );
  });

  it("says supported or passed through of exactly the operations edge has", () => {
    const served = rows.filter(([, state]) => state === "supported" || state === "passed through");
    assert.deepEqual(
      served.map(([operation]) => operation).sort(),
      OPERATIONS.map(({ name }) => name)
        .filter((name) => name !== FORM_UPLOAD)
        .sort(),
    );
  });

  it("knows four states", () => {
    const states = new Set(["supported", "passed through", "not yet", "refused"]);
    assert.deepEqual(
      rows.filter(([, state = ""]) => !states.has(state)),
      [],
    );
  });
});

describe("what the documents say of the configuration", () => {
  for (const [name, text] of configurationDocs()) {
    it(`is what the schemas say: docs/${name} (else: npm run docs)`, () => {
      assert.equal(read(`docs/${name}`), text);
    });
  }
});

describe("the documents at the front", () => {
  it("keep ARCHITECTURE.md within 200 lines and CONTRIBUTING.md within 60", () => {
    assert.ok(read("ARCHITECTURE.md").split("\n").length <= 200);
    assert.ok(read("CONTRIBUTING.md").split("\n").length <= 60);
  });

  it("give the two commands in README.md", () => {
    const lines = read("README.md").split("\n");
    assert.ok(lines.includes("npm ci && npm start"));
    assert.ok(lines.includes("npm ci && npm test"));
  });

  it("have the sections that the code cites", () => {
    const architecture = read("ARCHITECTURE.md");
    const sections = [
      "The services",
      "Three ways to talk",
      "Invariants",
      "Trust between services",
      "ETags and listings",
      "Settings",
    ];
    for (const section of sections) assert.match(architecture, new RegExp(`^## .*${section}`, "m"));
    for (let number = 1; number <= 13; number += 1) {
      assert.match(read("docs/format.md"), new RegExp(`^## ${number}\\. `, "m"));
    }
  });
});
