/** The chart, rendered by the real Helm. */
import { execFile } from "node:child_process";
import { readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { parseAllDocuments } from "yaml";
import { findProgram } from "../servers/place.ts";
import type { KubeObject } from "./kubernetes-objects.ts";

/** Folder of the chart. */
export const CHART = join(import.meta.dirname, "../../helm/s3-encryption-gateway");

/** Names of the matrix: `NAME-values.yaml` in the chart's folder `ci`. */
export const MATRIX: readonly string[] = readdirSync(join(CHART, "ci"))
  .map((file) => file.replace(/-values\.yaml$/, ""))
  .toSorted();

/** The file of an entry of the matrix. */
export function valuesFile(name: string): string {
  return join(CHART, "ci", `${name}-values.yaml`);
}

/** A release as Helm would send it to a cluster. */
export interface Rendered {
  readonly text: string;
  readonly objects: readonly KubeObject[];
}

/** Renders an entry of the matrix as release `gw` in namespace `storage`, with further `settings` as `--set` takes them. */
export async function render(name: string, settings: readonly string[] = []): Promise<Rendered> {
  const text = await helm([...templateOf(name), ...setting(settings)]);
  return { text, objects: objectsIn(text) };
}

/** What Helm says of values that it refuses; throws where it takes them. */
export async function refusalOf(name: string, settings: readonly string[]): Promise<string> {
  const refusal = await helm([...templateOf(name), ...setting(settings)]).then(
    () => undefined,
    (error: unknown) => String(error),
  );
  if (refusal === undefined) throw new Error(`helm took ${settings.join(" ")}`);
  return refusal;
}

/** Runs Helm and gives what it printed; an error has all that it complained of. `env` is added to its environment. */
export async function helm(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<string> {
  const home = join(tmpdir(), "s3eg-helm");
  const { PATH = "" } = process.env;
  const { stdout } = await promisify(execFile)(findProgram("helm", "helm"), [...args], {
    env: { PATH, HELM_CACHE_HOME: home, HELM_CONFIG_HOME: home, HELM_DATA_HOME: home, ...env },
    maxBuffer: 16 * 1024 * 1024,
  });
  return stdout;
}

function templateOf(name: string): string[] {
  return ["template", "gw", CHART, "--namespace", "storage", "--values", valuesFile(name)];
}

function setting(settings: readonly string[]): string[] {
  return settings.flatMap((text) => ["--set", text]);
}

/** Objects of a text of YAML documents; throws where it is not YAML, or says a key twice. */
function objectsIn(text: string): KubeObject[] {
  return parseAllDocuments(text, { uniqueKeys: true }).flatMap((document) => {
    const [error] = document.errors;
    if (error) throw error;
    const object = document.toJS() as KubeObject | null;
    return object === null ? [] : [object];
  });
}
