/** The rules of the house that no linter knows: which file may import what, and how files are called. Pure functions. */
import { posix } from "node:path";

/** A file of the repository. */
export interface SourceFile {
  /** From the root, with forward slashes. */
  readonly path: string;
  readonly text: string;
}

/** Third-party packages and the folders that may import them. Their tests may too; black-box tests and benchmarks where it says so. */
const DOORS: Readonly<Record<string, readonly string[]>> = {
  minio: ["e2e/"],
  "@aws-sdk": ["shared/src/backend/", "services/keys/src/custody/", "e2e/", "test/", "bench/"],
  "@azure": ["services/keys/src/custody/"],
  "@google-cloud": ["services/keys/src/custody/"],
  "@hpke": ["shared/test/"],
  "@nats-io": ["shared/src/bus/", "deploy/nats/", "e2e/"],
  "@node-rs": ["shared/src/s3/"],
  "@opentelemetry": ["shared/src/runtime/span-exporter"],
  "@s3eg": [""],
  "@smithy": ["shared/src/backend/"],
  "fast-check": ["shared/test/", "services/", "test/"],
  "hash-wasm": ["shared/src/s3/"],
  ioredis: ["shared/src/runtime/valkey"],
  "lru-cache": [""],
  pino: ["shared/src/runtime/"],
  "playwright-core": ["e2e/servers/browser.ts", "e2e/full/console.test.ts"],
  pkcs11js: ["services/keys/src/custody/", "e2e/"],
  "prom-client": ["shared/src/runtime/"],
  "s3eg-codec": ["e2e/full/codec.test.ts"],
  saxes: ["shared/src/s3/"],
  undici: ["shared/src/http/", "shared/src/backend/", "e2e/", "bench/"],
  yaml: ["shared/src/runtime/", "e2e/compose/", "e2e/helm/", "test/make-chart-readme"],
  zod: [""],
};

/** Folders whose code may seal and open with Node's ciphers. */
const CIPHER_ROOMS = ["shared/src/sealing/", "services/keys/src/custody/"];
const CIPHER_NAMES = /cipher|encrypt|decrypt|encapsulate|webcrypto|\bsubtle\b|\bdefault\b/i;

/** What `shared` offers without knowing how anything is carried. */
const PLAIN_FOLDERS = ["shared/src/contracts/", "shared/src/format/", "shared/src/faults.ts"];

const FORBIDDEN_NAMES = new Set([
  "common",
  "constants",
  "helpers",
  "index",
  "misc",
  "types",
  "utils",
]);

const IMPORT =
  /(?:^|[;\n])\s*(?:import|export)\s+(?<what>[^;"'`]*?)\s*from\s*["'](?<from>[^"']+)["']|(?:^|[;\n])\s*import\s*["'](?<bare>[^"']+)["']|\bimport\s*\(\s*["'](?<dynamic>[^"']+)["']/g;

/** Everything wrong with what one file imports. */
export function importProblems(file: SourceFile): string[] {
  return [...file.text.matchAll(IMPORT)].flatMap(({ groups = {} }) => {
    const specifier = groups.from ?? groups.bare ?? groups.dynamic ?? "";
    const what = groups.what ?? "default";
    const problem = specifier.startsWith(".")
      ? relativeProblem(file, { specifier, isTypeOnly: /^type\b/.test(what) })
      : (nodeProblem(file.path, specifier, what) ?? packageProblem(file.path, specifier));
    return problem === undefined ? [] : [`${file.path}: "${specifier}" ${problem}`];
  });
}

/** What is wrong with a file's name. */
export function nameProblems({ path }: SourceFile): string[] {
  const stem = posix.basename(path).replace(/(?:\.test)?\.ts$/, "");
  return FORBIDDEN_NAMES.has(stem) ? [`${path}: "${stem}" says nothing of what is inside`] : [];
}

/** Files every service has, and why they need no test of their own (they may have one). */
const FRONT_DOOR: Readonly<Record<string, string>> = {
  "main.ts": "wires and starts: tested by what it starts",
  "config.ts": "a schema: tested with the example configuration",
  "inbox.ts": "a list: tested by every handler on it",
};

/** The test that mirrors a source file: `src/a/b.ts` → `test/a/b.test.ts`. */
export function mirrorOf(path: string): string {
  return path.replace("/src/", "/test/").replace(/\.ts$/, ".test.ts");
}

/** Why a source file needs no mirror; undefined if it needs one. */
export function noMirrorBecause({ path, text }: SourceFile): string | undefined {
  const [, inService = ""] = /^services\/[^/]+\/src\/(.*)$/.exec(path) ?? [];
  if (Object.hasOwn(FRONT_DOOR, inService)) return FRONT_DOOR[inService];
  if (path.startsWith("shared/src/contracts/")) return "schemas: tested by both ends";
  if (path.startsWith("services/dev-store/src/")) {
    return "a test server: kept honest by the feature suite that runs on it and on a real server";
  }
  return hasCode(text) ? undefined : "declares interfaces only";
}

/** False if nothing of a file is left when it runs, or only constants without logic. */
function hasCode(text: string): boolean {
  return /\bfunction\b|=>\s|\bclass\b|=>$/m.test(withoutTypes(text));
}

function withoutTypes(text: string): string {
  return text
    .replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, "")
    .replaceAll(/^(?:export )?interface [\s\S]*?^\}/gm, "")
    .replaceAll(/^(?:export )?type [\s\S]*?;$/gm, "");
}

/** `shared`, `services/edge`, `test`, `e2e` … */
function roomOf(path: string): string {
  const [top = "", next = ""] = path.split("/");
  return top === "services" ? `services/${next}` : top;
}

/** What the package for reading offline has of a service: how a data key lies under a KEK. */
const KEK_ENVELOPE = "services/keys/src/custody/kek-envelope.ts";

/** What the command line may use of a service: its start, and what it makes of its settings. */
const FOR_THE_COMMAND_LINE =
  /^services\/[^/]+\/src\/(?:main|(?:[a-z-]+\/)?(?:config|credentials|configured-[a-z-]+))\.ts$/;

function relativeProblem(
  { path, text }: SourceFile,
  { specifier, isTypeOnly }: { specifier: string; isTypeOnly: boolean },
): string | undefined {
  const target = posix.join(posix.dirname(path), specifier);
  const [from, to] = [roomOf(path), roomOf(target)];
  if (from === to) return plainProblem(path, target);
  if (from === "services/cli" && to.startsWith("services/")) {
    if (isTypeOnly || FOR_THE_COMMAND_LINE.test(target)) return undefined;
  }
  if (mayImport(from, { to, target })) return undefined;
  // Black-box tests know us from outside, except where they run a contract suite against a real server.
  if (from === "e2e" && isTestable(to) && /-contract\.ts"/.test(text)) return undefined;
  return `leaves its room for ${to}`;
}

/** What a room that belongs to no service may have of others. */
function mayImport(from: string, { to, target }: { to: string; target: string }): boolean {
  if (from === "test") return isTestable(to);
  if (from === "bench") return to === "e2e" || to === "shared";
  return from === "codec" && (to === "shared" || target === KEK_ENVELOPE);
}

function isTestable(room: string): boolean {
  return room === "shared" || room === "deploy" || room.startsWith("services/");
}

function plainProblem(path: string, target: string): string | undefined {
  const isPlain = (name: string) => PLAIN_FOLDERS.some((folder) => name.startsWith(folder));
  if (!path.startsWith("shared/src/") || !isPlain(path) || isPlain(target)) return undefined;
  return "points the wrong way: contracts, format and faults know nothing of the rest of shared";
}

function nodeProblem(path: string, specifier: string, what: string): string | undefined {
  if (specifier !== "node:crypto" || !/^(?:shared|services\/[^/]+)\/src\//.test(path)) {
    return undefined;
  }
  const isCipherRoom = CIPHER_ROOMS.some((room) => path.startsWith(room));
  return isCipherRoom || !CIPHER_NAMES.test(what)
    ? undefined
    : "gives a cipher outside sealing and custody";
}

function packageProblem(path: string, specifier: string): string | undefined {
  if (specifier.startsWith("node:")) return undefined;
  const name = specifier.split("/", 1)[0] ?? "";
  const doors = DOORS[name];
  if (!doors) return "is a library without a door";
  // A test stands behind the same door as what it tests.
  const asSource = path.replace(/^(shared|services\/[^/]+)\/test\//, "$1/src/");
  const isInside = doors.some((door) => path.startsWith(door) || asSource.startsWith(door));
  return isInside ? undefined : `is imported outside its door (${doors.join(", ")})`;
}
