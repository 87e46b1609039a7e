/** Makes the table of all values in the chart's README from its values.yaml: what each is called, what it is without a word, and what its comment says. */
import { readFileSync, writeFileSync } from "node:fs";
import { isMap, isScalar, type Pair, parseDocument, type YAMLMap } from "yaml";

const CHART = new URL("../helm/s3-encryption-gateway/", import.meta.url);
const BOUNDS = [
  "<!-- values: made by test/make-chart-readme.ts -->\n",
  "<!-- end of values -->\n",
] as const;

/** What is the same wherever it is, by the last part of its name. */
const SAME_EVERYWHERE: Readonly<Record<string, string>> = {
  affinity: "affinity of its pods",
  annotations: "annotations of the object",
  autoscaling: "a HorizontalPodAutoscaler, by CPU in percent of what is requested",
  className: "its class",
  create: "makes the account; otherwise `name` has to be there, or `default` is taken",
  digest: "sha256:…; wins over the tag",
  enabled: "makes it",
  existingClaim: "a claim that is there already",
  extraEnv: "variables of its pods alone",
  extraVolumeMounts: "mounts of its pods alone",
  extraVolumes: "volumes of its pods alone",
  hostnames: "names of hosts",
  hosts: "names of hosts",
  imagePullSecrets: "Secrets of the registry",
  issuerRef: "who issues it: name, kind, group",
  labels: "further labels of the object",
  fullnameOverride: "name of all objects, in place of the release's and the chart's",
  name: "its name, in place of the one that is made",
  nameOverride: "name of the chart in names and labels",
  nodeSelector: "labels of the nodes for its pods",
  parentRefs: "Gateways that take requests for the route",
  podAnnotations: "further annotations of all pods",
  podLabels: "further labels of all pods",
  podMonitor: "a PodMonitor of the Prometheus operator",
  port: "port of the Service",
  priorityClassName: "priority of all pods",
  prometheus: "where KEDA asks Prometheus",
  pullPolicy: "when the image is pulled",
  replicaCount: "pods, where they are not scaled",
  repository: "image",
  resources: "what a pod asks for, and its limits",
  serviceMonitor: "a ServiceMonitor of the Prometheus operator",
  size: "size of the volume",
  storageClass: "class of the volume; empty: the cluster's",
  tag: "version of the image",
  terminationGracePeriodSeconds:
    "5 s until nobody sends requests, 25 s to end those under way, and some",
  tls: "as in an Ingress",
  tolerations: "taints that its pods tolerate",
  topologySpreadConstraints: "in place of spreading over zones and nodes",
  transfersPerWorker: "transfers of a worker at which another starts",
  type: "kind of the Service",
  architecture: "standalone alone is bundled",
  dnsNames: "names of the certificate; empty: those of the Service",
  persistence: "a volume of each pod",
};

/** One value. */
export interface ChartValue {
  readonly name: string;
  /** As JSON. */
  readonly fallback: string;
  /** Empty where nothing is said of it. */
  readonly meaning: string;
}

/** All values but the settings of the gateway, which have a document of their own. */
export function chartValues(): readonly ChartValue[] {
  const own = valuesIn("values.yaml", "");
  const bundled = valuesIn("charts/valkey/values.yaml", "valkey.");
  const names = new Set(own.map(({ name }) => name));
  return [...own, ...bundled.filter(({ name }) => !names.has(name))];
}

/** The README as it should be. */
export function chartReadme(): string {
  const text = readFileSync(new URL("README.md", CHART), "utf8");
  const [begin, end] = BOUNDS;
  const [before = "", rest = ""] = text.split(begin, 2);
  const [, after = ""] = rest.split(end, 2);
  const rows = chartValues().map(
    ({ name, fallback, meaning }) => `| \`${name}\` | \`${fallback}\` | ${meaning} |\n`,
  );
  return `${before}${begin}| value | default | what it is |\n|---|---|---|\n${rows.join("")}${end}${after}`;
}

function valuesIn(file: string, prefix: string): ChartValue[] {
  const document = parseDocument(readFileSync(new URL(file, CHART), "utf8"));
  if (!isMap(document.contents)) throw new Error(`${file} is no map`);
  return leavesOf(document.contents, prefix);
}

function leavesOf(map: YAMLMap, prefix: string): ChartValue[] {
  return map.items.flatMap((pair, at) => {
    const name = `${prefix}${String(pair.key)}`;
    if (name === "config") return [];
    const { value } = pair;
    const isBlock = isMap(value) && value.flow !== true && value.items.length > 0;
    // The comment before the first entry of a block stands before the block itself.
    const above = at === 0 ? map.commentBefore : undefined;
    if (isBlock && !/requests|limits/.test(String(value.items[0]?.key)))
      return leavesOf(value, `${name}.`);
    const plain: unknown = isMap(value)
      ? value.toJSON()
      : (value as { toJSON(): unknown }).toJSON();
    return [{ name, fallback: JSON.stringify(plain), meaning: meaningOf(pair, above) }];
  });
}

function meaningOf({ key }: Pair, above: string | null | undefined): string {
  const comment = (isScalar(key) ? key.commentBefore : undefined) ?? above ?? "";
  const [, said = ""] = /(?:^|\n) -- (.*)$/.exec(comment) ?? [];
  return said.replaceAll("|", "\\|") || (SAME_EVERYWHERE[String(key)] ?? "");
}

if (import.meta.main) writeFileSync(new URL("README.md", CHART), chartReadme());
