/** Objects against the schemas of Kubernetes and of custom resources, by the real kubeconform. */
import { execFile } from "node:child_process";
import { accessSync, readdirSync, readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { findProgram } from "../servers/place.ts";

const SCHEMAS = "/usr/local/share/kubernetes-schemas";
const CRDS = join(import.meta.dirname, "crds");

/** The lowest version of Kubernetes that the chart takes, and the newest that there are schemas of. */
export const KUBERNETES_VERSIONS = ["v1.25.0", "v1.37.0"] as const;

/** What kubeconform counted, and what was wrong. */
export interface Validity {
  readonly valid: number;
  readonly skipped: number;
  /** Of objects that are invalid, and of those that have no schema. */
  readonly problems: readonly string[];
}

/** Files of the CustomResourceDefinitions that the chart knows. */
export function crdFiles(): string[] {
  return readdirSync(CRDS)
    .filter((name) => name.endsWith(".json"))
    .map((name) => join(CRDS, name));
}

/** Writes a schema of each custom resource into `folder`, as kubeconform looks for it. */
export async function writeCrdSchemas(folder: string): Promise<void> {
  for (const file of crdFiles()) {
    const crd = JSON.parse(readFileSync(file, "utf8")) as Crd;
    const { group, names, versions } = crd.spec;
    for (const { name, schema } of versions) {
      const path = join(folder, `${names.kind.toLowerCase()}_${group}_${name}.json`);
      await writeFile(path, JSON.stringify(strict(withTypeMeta(schema.openAPIV3Schema))));
    }
  }
}

/** Validates files of YAML documents. `crdSchemas` is the folder of `writeCrdSchemas`. */
export async function validate(
  files: readonly string[],
  { version, crdSchemas }: { version: string; crdSchemas: string },
): Promise<Validity> {
  try {
    accessSync(join(SCHEMAS, version));
  } catch {
    throw new Error(`no schemas in ${SCHEMAS}: run e2e/servers/install.sh kubeconform`);
  }
  const at = [
    join(SCHEMAS, version, "{{.ResourceKind}}{{.KindSuffix}}.json"),
    join(crdSchemas, "{{.ResourceKind}}_{{.Group}}_{{.ResourceAPIVersion}}.json"),
  ].flatMap((place) => ["-schema-location", place]);
  const program = findProgram("kubeconform", "kubeconform");
  const stdout = await new Promise<string>((resolve) => {
    const options = { maxBuffer: 16 * 1024 * 1024 };
    execFile(
      program,
      ["-strict", "-summary", "-output", "json", "-n", "2", ...at, ...files],
      options,
      (_, text) => {
        resolve(text);
      },
    );
  });
  const { resources = [], summary } = JSON.parse(stdout) as Report;
  return {
    valid: summary.valid,
    skipped: summary.skipped,
    problems: resources
      .filter(({ status }) => status !== "statusValid")
      .map(({ kind, name, msg }) => `${kind} ${name}: ${msg}`),
  };
}

interface Report {
  readonly resources?: readonly { kind: string; name: string; msg: string; status: string }[];
  readonly summary: { readonly valid: number; readonly skipped: number };
}

interface Crd {
  readonly spec: {
    readonly group: string;
    readonly names: { readonly kind: string };
    readonly versions: readonly {
      readonly name: string;
      readonly schema: { readonly openAPIV3Schema: Schema };
    }[];
  };
}

type Schema = Readonly<Record<string, unknown>> & { readonly properties?: object };

function withTypeMeta(schema: Schema): Schema {
  const meta = {
    apiVersion: { type: "string" },
    kind: { type: "string" },
    metadata: { type: "object", "x-kubernetes-preserve-unknown-fields": true },
  };
  return { ...schema, properties: { ...schema.properties, ...meta } };
}

/** As the API server takes it: no property beside those that are named, and numbers written as text where both are meant. */
function strict(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(strict);
  if (typeof node !== "object" || node === null) return node;
  const schema: Record<string, unknown> = Object.fromEntries(
    Object.entries(node).map(([name, inner]) => [name, strict(inner)]),
  );
  if (schema["x-kubernetes-int-or-string"] === true) schema.type = ["string", "integer"];
  const isOpen = schema["x-kubernetes-preserve-unknown-fields"] === true;
  const isObject = schema.type === "object" && typeof schema.properties === "object";
  if (isObject && !isOpen) schema.additionalProperties = false;
  return schema;
}
