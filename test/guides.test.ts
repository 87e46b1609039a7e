import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { globSync, readFileSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";

const RUN = join(import.meta.dirname, "../e2e/guides/run.ts");

/** What `run.ts --check` says and ends with, which runs no block. */
async function check(folder: string): Promise<{ code: number; lines: string[] }> {
  return await new Promise((resolve) => {
    execFile(process.execPath, [RUN, "--check", folder], (error, stdout) => {
      resolve({ code: Number(error?.code ?? 0), lines: stdout.trim().split("\n") });
    });
  });
}

/** The same of one guide with this text. */
async function checkGuide(text: string): Promise<{ code: number; lines: string[] }> {
  const root = await mkdtemp(join(tmpdir(), "s3eg-guides-"));
  try {
    await mkdir(join(root, "docs/guides"), { recursive: true });
    await writeFile(join(root, "docs/guides/a.md"), text);
    return await check(root);
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

const fenced = (info: string) => `\`\`\`${info}\ntrue\n\`\`\`\n`;

describe("README.md and the guides", () => {
  it("say of every code block whether it is run, have links that lead somewhere, and run four of five blocks", async () => {
    const { code, lines } = await check(join(import.meta.dirname, ".."));
    assert.equal(code, 0, lines.join("\n"));
    assert.match(lines.at(-1) ?? "", /^\d{2} documents, \d{3} blocks run, \d+ not run/);
  });
});

describe("the guides", () => {
  const root = join(import.meta.dirname, "..");
  const read = (path: string) => readFileSync(join(root, path), "utf8");
  const guides = globSync("docs/guides/*.md", { cwd: root });
  const named = (pattern: RegExp) =>
    guides.flatMap((path) => [...read(path).matchAll(pattern)].map(([, name = ""]) => name));

  it("name only commands of s3eg that there are", () => {
    const tools = read("services/cli/src/tools.ts");
    const commands = named(/`s3eg ([a-z][a-z-]+)/g);
    assert.ok(commands.length > 50);
    assert.deepEqual(
      commands.filter((command) => !tools.includes(`\n  ${command}`)),
      [],
    );
  });

  it("name only settings that there are", () => {
    const settings = read("docs/configuration.md");
    const others = ["AZURE_TOKEN_CREDENTIALS", "NODE_ENV"];
    const variables = named(/`([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)[=`]/g);
    assert.ok(variables.length > 100);
    assert.deepEqual(
      variables.filter((name) => !settings.includes(`\`${name}`) && !others.includes(name)),
      [],
    );
  });

  it("name only metrics that there are", () => {
    const metrics = `${read("docs/metrics.md")}${read("docs/operations.md")}`;
    const names = named(/`((?:gateway|s3|kms|config|dropped|nodejs)_[a-z_]+)`/g);
    assert.ok(names.length > 10);
    assert.deepEqual(
      names.filter((name) => !metrics.includes(name)),
      [],
    );
  });
});

describe("the check of guides", () => {
  it("finds what has no tag, no reason, no program to run it, no such use and no file, by line", async () => {
    const infos = ["sh", "sh not-run", "go run", "sh run as=policy", "yaml run"];
    const { code, lines } = await checkGuide(infos.map(fenced).join("") + fenced("sh run"));
    assert.equal(code, 1);
    assert.deepEqual(lines.slice(0, -1), [
      'docs/guides/a.md:1: says neither run nor not-run: "sh"',
      "docs/guides/a.md:4: is not-run and has no reason",
      'docs/guides/a.md:7: no block of language "go" is run as ""',
      'docs/guides/a.md:10: no block of language "sh" is run as "policy"',
      "docs/guides/a.md:13: config needs file",
    ]);
  });

  it("finds a block that never ends, and links to files and headings that are not there", async () => {
    const links = "[a](b.md) [c](#there-is-none) [d](#1-a-heading) [e](https://example.com)";
    const { code, lines } = await checkGuide(
      `# 1. A heading\n${links}\n${fenced("sh run")}\`\`\`sh run\n`,
    );
    assert.equal(code, 1);
    assert.deepEqual(lines.slice(0, 3), [
      "docs/guides/a.md:6: never ends",
      "docs/guides/a.md: b.md",
      "docs/guides/a.md: #there-is-none",
    ]);
  });

  it("allows a fifth of the blocks not to be run, and no more", async () => {
    const kept = fenced('sh not-run reason="needs a cluster"');
    const allowed = await checkGuide(fenced("sh run").repeat(4) + kept);
    assert.equal(allowed.code, 0, allowed.lines.join("\n"));
    const tooMany = await checkGuide(fenced("sh run").repeat(3) + kept);
    assert.equal(tooMany.code, 1);
    assert.match(tooMany.lines.join("\n"), /more than 20 %/);
  });
});
