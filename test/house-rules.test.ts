import assert from "node:assert/strict";
import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { describe, it } from "node:test";
import {
  importProblems,
  mirrorOf,
  nameProblems,
  noMirrorBecause,
  type SourceFile,
} from "./house-rules.ts";

const root = join(import.meta.dirname, "..");
const read = (path: string) => readFileSync(join(root, path), "utf8");
const find = (...patterns: string[]) =>
  globSync(patterns, { cwd: root, exclude: (name) => name.includes("node_modules") }).toSorted();

const files: SourceFile[] = find("{shared,services,test,e2e,bench,tools,codec}/**/*.ts").map(
  (path) => ({
    path,
    text: read(path),
  }),
);
const sources = files.filter(({ path }) => /^(?:shared|services\/[^/]+)\/src\//.test(path));
const services = find("services/*/package.json").map((path) => dirname(path));
const none = (problems: string[]) => assert.deepEqual(problems, []);

/** Source files that only a real server can test, and the black-box test that does it. */
const TESTED_ELSEWHERE: Readonly<Record<string, string>> = {
  "shared/src/bus/nats-answering.ts": "e2e/suites/nats-bus.test.ts",
  "shared/src/bus/nats-asking.ts": "e2e/suites/nats-bus.test.ts",
  "shared/src/bus/nats-bus.ts": "e2e/suites/nats-bus.test.ts",
  "shared/src/bus/nats-connect.ts": "e2e/suites/nats-bus.test.ts",
  "shared/src/bus/nats-kept-value.ts": "e2e/suites/nats-bus.test.ts",
  "shared/src/bus/nats-work-queue.ts": "e2e/suites/work-queue.test.ts",
  "shared/src/runtime/valkey.ts": "e2e/suites/multipart-state.test.ts",
  "services/crypto/src/multipart-state/valkey-scripts.ts": "e2e/suites/multipart-state.test.ts",
  "services/crypto/src/multipart-state/valkey-store.ts": "e2e/suites/multipart-state.test.ts",
};

/** What stands at the front of every service. The command line answers no messages and joins the others' settings. */
const frontDoor = (service: string) =>
  service === "services/cli"
    ? ["README.md", "src/main.ts"]
    : ["README.md", "src/main.ts", "src/config.ts", "src/inbox.ts"];

describe("the house", () => {
  it("was looked at", () => {
    assert.ok(files.length > 100, `${files.length} files`);
    assert.ok(services.length >= 7, services.join(" "));
  });

  it("has no import that leaves its room, no library outside its door, no cipher outside the strong rooms", () => {
    // This file quotes forbidden imports below.
    const others = files.filter(({ path }) => path !== "test/house-rules.test.ts");
    none(others.flatMap(importProblems));
  });

  it("has no file whose name says nothing", () => {
    none(files.flatMap(nameProblems));
  });

  it("has a test for every source file", () => {
    const lonely = sources.filter((file) => {
      const test = TESTED_ELSEWHERE[file.path] ?? mirrorOf(file.path);
      return noMirrorBecause(file) === undefined && !existsSync(join(root, test));
    });
    none(lonely.map(({ path }) => `${path} has no ${mirrorOf(path)}`));
  });

  it("has the same front door for every service", () => {
    const missing = services
      .flatMap((service) => frontDoor(service).map((name) => `${service}/${name}`))
      .filter((path) => !existsSync(join(root, path)));
    none(missing);
  });

  it("keeps every main.ts to 60 lines", () => {
    const long = sources.filter(
      ({ path, text }) => path.endsWith("/src/main.ts") && text.trimEnd().split("\n").length > 60,
    );
    none(long.map(({ path }) => path));
  });

  it("lets nobody import a service by name, and shared only through its source", () => {
    for (const service of services) {
      const manifest = JSON.parse(read(`${service}/package.json`)) as Manifest;
      assert.deepEqual(manifest.exports, {}, service);
      const rooms = Object.keys(manifest.dependencies ?? {}).filter((name) =>
        /^@s3eg\//.test(name),
      );
      assert.deepEqual(rooms, ["@s3eg/shared"], service);
    }
    const shared = JSON.parse(read("shared/package.json")) as Manifest;
    assert.deepEqual(shared.exports, { "./*.ts": "./src/*.ts" });
  });

  it("has documents whose links stay inside it and lead somewhere", () => {
    none(
      find("*.md", "{docs,shared,services,test,e2e,bench,deploy,helm}/**/*.md").flatMap(deadLinks),
    );
  });
});

describe("the rules", () => {
  for (const [path, text] of [
    ["services/edge/src/a.ts", 'import { x } from "../../crypto/src/seal-object.ts";'],
    ["services/edge/src/a.ts", 'import { x } from "../../../shared/src/faults.ts";'],
    ["services/edge/src/a.ts", 'import { x } from "../../../shared/test/bus/kept.ts";'],
    ["shared/src/a.ts", 'import { x } from "../../services/edge/src/main.ts";'],
    ["services/cli/src/a.ts", 'import { x } from "../../edge/src/server.ts";'],
    ["services/edge/src/a.ts", 'await import("../../keys/src/main.ts");'],
    ["e2e/suites/a.test.ts", 'import { x } from "../../services/edge/src/main.ts";'],
    ["e2e/suites/a.test.ts", 'import { x } from "../../shared/src/faults.ts";'],
    ["bench/a.ts", 'import { x } from "../services/edge/src/main.ts";'],
    ["shared/src/format/a.ts", 'import { x } from "../bus/bus.ts";'],
    ["services/edge/src/a.ts", 'import { connect } from "@nats-io/transport-node";'],
    ["services/edge/src/a.ts", 'import {\n  request,\n} from "undici";'],
    ["services/crypto/src/a.ts", 'import { S3 } from "@aws-sdk/client-s3";'],
    ["shared/src/bus/a.ts", 'import { pino } from "pino";'],
    ["shared/src/bus/a.ts", 'import "unheard-of";'],
    ["shared/src/bus/a.ts", 'export { x } from "yaml";'],
    ["services/edge/src/a.ts", 'import { createCipheriv } from "node:crypto";'],
    ["services/edge/src/a.ts", 'import { createHash, webcrypto } from "node:crypto";'],
    ["services/keys/src/a.ts", 'import { privateDecrypt } from "node:crypto";'],
    ["services/edge/src/a.ts", 'await import("node:crypto");'],
  ] as const) {
    it(`refuse ${text.replaceAll("\n", " ")} in ${path}`, () => {
      assert.equal(importProblems({ path, text }).length, 1);
    });
  }

  for (const [path, text] of [
    ["services/edge/src/auth/a.ts", 'import { x } from "../s3/errors.ts";'],
    ["services/edge/test/a.test.ts", 'import { x } from "../src/a.ts";'],
    ["services/edge/src/a.ts", 'import { Fault } from "@s3eg/shared/faults.ts";'],
    ["services/cli/src/a.ts", 'import { startEdge } from "../../edge/src/main.ts";'],
    ["services/cli/src/commands/a.ts", 'import { E } from "../../../edge/src/config.ts";'],
    ["services/cli/src/a.ts", 'import { S } from "../../crypto/src/multipart-state/config.ts";'],
    [
      "services/cli/src/a.ts",
      'import { x } from "../../keys/src/custody/configured-custodian.ts";',
    ],
    ["services/cli/src/a.ts", 'import type { P } from "../../edge/src/auth/policy.ts";'],
    ["test/a.test.ts", 'import { x } from "../services/edge/src/main.ts";'],
    ["bench/a.ts", 'import { x } from "../e2e/gateway.ts";'],
    ["e2e/a.test.ts", 'import { c } from "../shared/test/bus/bus-contract.ts";'],
    ["e2e/a.test.ts", 'import { c } from "../services/crypto/test/state-contract.ts";'],
    ["shared/src/bus/nats-bus.ts", 'import { connect } from "@nats-io/transport-node";'],
    ["shared/test/bus/nats-bus.test.ts", 'import { connect } from "@nats-io/transport-node";'],
    ["shared/src/sealing/aead.ts", 'import { createCipheriv } from "node:crypto";'],
    ["services/keys/src/custody/a.ts", 'import { createCipheriv } from "node:crypto";'],
    ["services/edge/src/a.ts", 'import { createHmac, timingSafeEqual } from "node:crypto";'],
  ] as const) {
    it(`allow ${text} in ${path}`, () => {
      none(importProblems({ path, text }));
    });
  }

  it("know names that say nothing", () => {
    for (const name of ["utils.ts", "helpers.test.ts", "index.ts", "types.ts"]) {
      assert.equal(nameProblems({ path: `shared/src/${name}`, text: "" }).length, 1, name);
    }
    none(nameProblems({ path: "shared/src/runtime/common-config.ts", text: "" }));
  });

  it("ask no test of what does nothing, and a test of what does something", () => {
    const path = "shared/src/bus/bus.ts";
    const declared = "/** A function. */\nexport interface Bus {\n  a(): () => void;\n}\n";
    assert.ok(noMirrorBecause({ path, text: `${declared}export const MAX = 5;\n` }));
    for (const text of ["export function a() {}", "export const a = () => 1;", "class A {}"]) {
      assert.equal(noMirrorBecause({ path, text: `${declared}${text}\n` }), undefined, text);
    }
    assert.ok(noMirrorBecause({ path: "services/edge/src/main.ts", text: "function a() {}" }));
    const inner = { path: "services/edge/src/auth/config.ts", text: "function a() {}" };
    assert.equal(noMirrorBecause(inner), undefined);
  });
});

interface Manifest {
  readonly exports?: unknown;
  readonly dependencies?: Readonly<Record<string, string>>;
}

function deadLinks(document: string): string[] {
  const links = [...read(document).matchAll(/\]\((?<to>[^)\s]+)\)/g)];
  return links.flatMap(({ groups = {} }) => {
    const [to = ""] = (groups.to ?? "").split("#", 1);
    if (to === "" || /^(?:https?|mailto):/.test(to)) return [];
    const target = join(root, dirname(document), to);
    const isInside = !to.startsWith("/") && !relative(root, target).startsWith("..");
    return isInside && existsSync(target) ? [] : [`${document}: ${to}`];
  });
}
