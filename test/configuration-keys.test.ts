/** Every setting does what it says, and a test shows it, or it says that it does nothing, and why. */
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { gatewaySchema } from "../services/cli/src/gateway-config.ts";
import { policyFile } from "../services/edge/src/config/policy-file.ts";
import { type Setting, settingsOf } from "../shared/src/runtime/settings.ts";
import { isWithoutEffect } from "../shared/src/runtime/without-effect.ts";

const root = (path: string) => new URL(`../${path}`, import.meta.url);
const read = (path: string) => readFileSync(root(path), "utf8");

/** A setting of a policy file is called `policy:…`; what only a variable says, by that. */
interface Shown {
  readonly setting: string;
  readonly test: string;
  /** Name of the test, as its file spells it. */
  readonly promise: string;
}

const shown: readonly Shown[] = read("test/fixtures/configuration-keys.tsv")
  .trimEnd()
  .split("\n")
  .slice(1)
  .map((line) => {
    const [setting = "", test = "", promise = ""] = line.split("\t");
    return { setting, test, promise };
  });

const named = (prefix: string) => (setting: Setting) =>
  [`${prefix}${setting.path.join(".")}`, setting] as const;
const settings = new Map([
  ...settingsOf(gatewaySchema).map(named("")),
  ...settingsOf(policyFile).map(named("policy:")),
]);
const dead = [...settings].filter(([, setting]) => isWithoutEffect(setting));

describe("settings", () => {
  it("are each shown by a test to do what they say (test/fixtures/configuration-keys.tsv), or say that they do nothing", () => {
    const told = new Set([...shown.map(({ setting }) => setting), ...dead.map(([name]) => name)]);
    assert.deepEqual(
      [...settings.keys()].filter((name) => !told.has(name)),
      [],
    );
  });

  it("are not said to do nothing where a test shows that they do, and each is still there", () => {
    const names = shown.map(({ setting }) => setting);
    assert.deepEqual(
      dead.map(([name]) => name).filter((name) => names.includes(name)),
      [],
    );
    const isVariable = (name: string) => /^[A-Z]/.test(name);
    assert.deepEqual(
      names.filter((name) => !settings.has(name) && !isVariable(name)),
      [],
    );
  });

  it("that do nothing say why, in the documents too, and none is only to come", () => {
    const documents = read("docs/configuration.md");
    for (const [name, { description = "" }] of dead) {
      const [, reason = ""] = /^no effect: (.{15,})$/.exec(description) ?? [];
      assert.notEqual(reason, "", `${name}: ${description}`);
      assert.doesNotMatch(reason, /present files/, name);
      assert.ok(documents.includes(description), name);
    }
  });

  it("have tests that are there", () => {
    const texts = new Map<string, string>();
    const textOf = (path: string) => {
      const text = texts.get(path) ?? (existsSync(root(path)) ? read(path) : "");
      texts.set(path, text);
      return text;
    };
    const missing = shown.filter(({ test, promise }) => !isThere(textOf(test), promise));
    assert.deepEqual(missing, []);
  });
});

/** True for a test that is called so, or whose name begins so where some of it is made up. */
function isThere(text: string, promise: string): boolean {
  const calls = [...text.matchAll(/\b(?:it|test)\(\s*(["'`])/g)];
  return calls.some((call) => {
    const quote = call[1] ?? "";
    return text.startsWith(`${promise}${quote}`, call.index + call[0].length);
  });
}
