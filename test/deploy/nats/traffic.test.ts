import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { TRAFFIC } from "../../../deploy/nats/traffic.ts";

const CONTRACTS = new URL("../../../shared/src/contracts/", import.meta.url);

interface Contract {
  readonly kind: "question" | "announcement";
  readonly subject: string;
  readonly owner: string;
}

async function contracts(): Promise<Contract[]> {
  const files = readdirSync(CONTRACTS).filter((name) => name.endsWith(".ts"));
  const rooms = await Promise.all(
    files.map(async (name) => (await import(new URL(name, CONTRACTS).href)) as object),
  );
  return rooms.flatMap((room): unknown[] => Object.values(room)).filter(isOnTheBus);
}

function isOnTheBus(value: unknown): value is Contract {
  return (
    typeof value === "object" &&
    value !== null &&
    "kind" in value &&
    (value.kind === "question" || value.kind === "announcement")
  );
}

describe("the traffic over the broker", () => {
  it("has a row for every question and announcement, and no other", async () => {
    const subjects = (await contracts()).map(({ subject }) => subject);
    assert.deepEqual(Object.keys(TRAFFIC).sort(), subjects.sort());
  });

  it("lets a question be heard by its owner alone, and nobody ask itself", async () => {
    for (const { kind, subject, owner } of await contracts()) {
      const { from = [], to = [] } = TRAFFIC[subject] ?? {};
      assert.ok(from.length > 0 && to.length > 0, subject);
      if (kind === "question") assert.deepEqual([subject, ...to], [subject, owner]);
      if (kind === "question") assert.ok(!from.some((name) => name === owner), subject);
    }
  });

  it("lets only crypto ask for data keys", () => {
    const dataKeys = Object.entries(TRAFFIC).filter(([name]) =>
      /^keys\.(?:data|legacy)-key\./.test(name),
    );
    assert.equal(dataKeys.length, 4);
    for (const [, { from }] of dataKeys) assert.deepEqual(from, ["crypto"]);
  });

  it("is what ARCHITECTURE.md tells", () => {
    const text = readFileSync(new URL("../../../ARCHITECTURE.md", import.meta.url), "utf8");
    const rows = text
      .split("\n")
      .filter((line) => /^\| `(?:keys|crypto|edge|audit|admin)\./.test(line));
    const told = rows.flatMap((line) => {
      const [, subjects = "", from = "", to = ""] = line.split("|");
      return [...subjects.matchAll(/`([^`]+)`/g)].map(([, subject = ""]) => [
        subject,
        namesIn(from),
        namesIn(to),
      ]);
    });
    const real = Object.entries(TRAFFIC).map(([subject, { from, to }]) => [
      subject,
      [...from].sort().join(),
      [...to].sort().join(),
    ]);
    assert.deepEqual(told.toSorted(), real.toSorted());
  });
});

function namesIn(cell: string): string {
  const names = /every process|all/.test(cell)
    ? ["edge", "crypto", "keys", "audit", "admin"]
    : cell.split(",").map((name) => name.trim());
  return names.sort().join();
}
