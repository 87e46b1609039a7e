/** What reads the files that nothing here runs: scripts, workflows, the Dockerfile; and what looks for secrets in them all. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { runToEnd } from "../servers/child.ts";
import { findProgram } from "../servers/place.ts";

const root = join(import.meta.dirname, "../..");
const workflows = globSync(".github/workflows/*.yml", { cwd: root });
const lint = (program: string, args: readonly string[]) =>
  runToEnd({ program: findProgram(program, "lints"), args, cwd: root, inheritsEnv: true });

/** Everything under version control that a shell runs. */
const scripts = execFileSync("git", ["ls-files"], { cwd: root, encoding: "utf8" })
  .split("\n")
  .filter((path) => path.endsWith(".sh") || /^\.(?:githooks\/|ci\/run$)/.test(path));

describe("the lints", () => {
  it("find nothing in scripts (shellcheck)", async () => {
    assert.ok(scripts.length >= 8, scripts.join(" "));
    await lint("shellcheck", ["--severity", "warning", ...scripts]);
  });

  it("find nothing in the Dockerfiles (hadolint)", async () => {
    await lint("hadolint", ["deploy/Dockerfile"]);
  });

  it("find nothing in workflows (actionlint, zizmor offline)", async () => {
    assert.ok(workflows.length >= 3, workflows.join(" "));
    await lint("actionlint", workflows);
    await lint("zizmor", ["--offline", ...workflows]);
  });

  it("find no secret in any file under version control (gitleaks)", async () => {
    await lint("gitleaks", ["git", "--no-banner", "--redact", "."]);
  });
});

describe("the workflows", () => {
  const texts = workflows.map((path) => ({ path, text: readFileSync(join(root, path), "utf8") }));

  it("name every action by a commit and say its version", () => {
    const uses = texts.flatMap(({ text }) => [...text.matchAll(/uses: (?!\.\/)(.*)/g)]);
    assert.ok(uses.length >= 20, `${uses.length}`);
    const unpinned = uses.filter(
      ([, what = ""]) => !/^[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(what),
    );
    assert.deepEqual(unpinned, []);
  });

  it("grant nothing but what a job names", () => {
    for (const { path, text } of texts) assert.match(text, /^permissions: \{\}$/m, path);
  });
});
