import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { createMetrics } from "../shared/src/runtime/metrics.ts";
import { EARLIER_METRICS } from "./earlier-metrics.ts";
import { metricsDoc } from "./make-metrics-docs.ts";
import { metricDefinitions } from "./metric-definitions.ts";

const root = new URL("../", import.meta.url);
const read = (path: string) => readFileSync(new URL(path, root), "utf8");
const filesOf = (folder: string, ending: string) =>
  readdirSync(new URL(folder, root))
    .filter((name) => name.endsWith(ending))
    .map((name) => `${folder}${name}`);

const definitions = metricDefinitions();
const document = read("docs/metrics.md");

describe("docs/metrics.md", () => {
  it("has the table that the sources make (npm run docs)", () => {
    assert.ok(document === metricsDoc(), "npm run docs makes it");
  });

  it("has every metric of before with its labels, or says why it is not here", () => {
    const section = document.slice(document.indexOf("## Not here"), document.indexOf("## All of"));
    const reasons = new Map(
      [...section.matchAll(/^\| `([a-z_]+)` \| (.{20,}) \|$/gm)].map(([, name, why]) => [
        name,
        why,
      ]),
    );
    for (const [name, labels] of Object.entries(EARLIER_METRICS)) {
      const defined = definitions.get(name);
      assert.notEqual(defined !== undefined, reasons.has(name), `${name}: here, or a reason`);
      if (defined) assert.deepEqual(defined.labels, labels, name);
    }
  });
});

/** A rule, as the text of its fields. */
interface Rule {
  readonly record: string | undefined;
  readonly alert: string | undefined;
  readonly expr: string;
  field(name: string): string;
}

/** Rules as the files here are laid out; promtool reads the YAML (e2e/full/metrics.test.ts). */
const rules: readonly Rule[] = filesOf("deploy/prometheus/rules/", ".yaml").flatMap((path) =>
  read(path)
    .split(/^ {6}- /m)
    .slice(1)
    .map((text) => {
      const field = (name: string) =>
        new RegExp(`^ *${name}: ["']?(.*?)["']?$`, "m").exec(text)?.[1] ?? "";
      const block = /^ *expr: \|\n((?: {10}.*\n)+)/m.exec(text)?.[1];
      return {
        record: field("record") || undefined,
        alert: field("alert") || undefined,
        expr: block ?? field("expr"),
        field,
      };
    }),
);
const panels = filesOf("deploy/grafana/", ".json").map((path) => {
  const dashboard = JSON.parse(read(path)) as Dashboard;
  return { path, dashboard };
});

interface Dashboard {
  readonly uid: string;
  readonly title: string;
  readonly panels: readonly { readonly targets?: readonly { readonly expr: string }[] }[];
}

/** Names in a query that metrics could have: what stands before a selector or a range, or alone. */
function namesIn(query: string): string[] {
  const bare = query
    .replaceAll(/"(?:[^"\\]|\\.)*"/g, '""')
    .replaceAll(/\{[^}]*\}/g, "")
    .replaceAll(/\[[^\]]*\]/g, "")
    .replaceAll(/\b(?:by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)/g, "");
  return [...bare.matchAll(/[a-zA-Z_][\w:]*/g)]
    .filter(
      ({ 0: word, index }) => !isOperator(word) && !/^\s*\(/.test(bare.slice(index + word.length)),
    )
    .map(([word]) => word);
}

function isOperator(word: string): boolean {
  return /^(?:and|or|unless|bool|offset|inf|nan|le)$/i.test(word) || /^[smhd]$/.test(word);
}

describe("dashboards and rules", () => {
  it("ask for nothing but metrics that are there", async () => {
    const processes = (await createMetrics().text()).matchAll(/^# TYPE (\S+) (\S+)$/gm);
    const kinds = new Map([...processes].map(([, name = "", kind]) => [name, kind]));
    for (const { name, kind } of definitions.values()) kinds.set(name, kind);
    const known = new Set([...kinds].flatMap(([name, kind]) => seriesOf(name, kind)));
    for (const { record } of rules) if (record !== undefined) known.add(record);
    known.add("up");
    const queries = [
      ...rules.map(({ expr }) => expr),
      ...panels.flatMap(({ dashboard }) => queriesOf(dashboard)),
    ];
    assert.ok(queries.length > 60);
    const unknown = queries.flatMap((query) =>
      namesIn(query)
        .filter((name) => !known.has(name))
        .map((name) => `${name} in ${query}`),
    );
    assert.deepEqual(unknown, []);
  });

  it("tell what to do about every alert", () => {
    for (const { alert, field } of rules) {
      if (alert === undefined) continue;
      assert.equal(field("runbook_url"), `docs/alerts.md#${alert.toLowerCase()}`);
      assert.ok(field("summary").length > 10, alert);
      assert.match(field("severity"), /^(?:critical|warning)$/, alert);
      assert.match(field("for"), /^\d+[mh]$/, alert);
    }
    const runbooks = read("docs/alerts.md");
    const named = [...runbooks.matchAll(/^## (\w+)$/gm)].map(([, name]) => name);
    assert.deepEqual(
      named,
      rules.flatMap(({ alert }) => alert ?? []),
    );
  });

  it("have a title and an id of their own", () => {
    assert.equal(new Set(panels.map(({ dashboard }) => dashboard.uid)).size, panels.length);
    for (const { path, dashboard } of panels) {
      assert.ok(dashboard.title.length > 0, path);
      assert.ok(queriesOf(dashboard).length > 5, path);
    }
  });
});

function seriesOf(name: string, kind: string | undefined): string[] {
  return kind === "histogram" ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name];
}

function queriesOf({ panels: all }: Dashboard): string[] {
  return all.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));
}
