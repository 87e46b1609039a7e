/** What every object of the chart keeps to, as a list of what one does not. Rules of the "restricted" Pod Security Standard, and some of our own. */
import type { Container, KubeObject, Pod } from "./kubernetes-objects.ts";
import { podsOf } from "./kubernetes-objects.ts";

/** Volumes that a pod under "restricted" may have (Kubernetes docs, "Pod Security Standards"). */
const VOLUME_KINDS = ["configMap", "secret", "emptyDir", "persistentVolumeClaim", "projected"];

/** Variables whose value opens something, so that it has to come from a Secret. */
const SECRET_NAME =
  /(?:SECRET_KEY|PASSWORD|_PIN|_TOKEN|SECRET|CHAIN_KEY|METADATA_KEY|KEK_\d+|ROLE_ID)$/;

/** Everything that objects of a release do wrong. */
export function policyProblems(objects: readonly KubeObject[]): string[] {
  return [
    ...podsOf(objects).flatMap(podProblems),
    ...objects.flatMap(objectProblems),
    ...nameProblems(objects),
  ];
}

function podProblems({ name, spec }: Pod): string[] {
  const { securityContext, volumes = [], containers, initContainers = [] } = spec;
  const isRefused = {
    "has a token of its account mounted": spec.automountServiceAccountToken !== false,
    "shares the network of its node": spec.hostNetwork === true,
    "may run as root": securityContext?.runAsNonRoot !== true,
    "has no seccomp profile": securityContext?.seccompProfile?.type !== "RuntimeDefault",
    "has a volume of a kind that is not allowed": volumes.some(
      (volume) => !VOLUME_KINDS.some((kind) => kind in volume),
    ),
  };
  return [
    ...Object.entries(isRefused)
      .filter(([, isTrue]) => isTrue)
      .map(([what]) => `${name} ${what}`),
    ...[...containers, ...initContainers].flatMap((it) =>
      containerProblems(it).map((what) => `${name}: ${it.name} ${what}`),
    ),
  ];
}

function containerProblems(container: Container): string[] {
  const { image, resources, securityContext: context, env = [] } = container;
  const isRefused = {
    "has an image without a version": /:latest$/.test(image) || !/[:@][^/]+$/.test(image),
    "has no limit of memory": resources?.limits?.memory === undefined,
    "may write its root": context?.readOnlyRootFilesystem !== true,
    "may gain rights": context?.allowPrivilegeEscalation !== false,
    "is privileged": context?.privileged === true,
    "keeps capabilities": context?.capabilities?.drop?.includes("ALL") !== true,
    "adds capabilities": (context?.capabilities?.add ?? []).length > 0,
    "says a variable twice": new Set(env.map(({ name }) => name)).size !== env.length,
  };
  const isTold = (value = "") => value !== "" && value !== "true" && value !== "false";
  const plain = env.filter(({ name, value }) => SECRET_NAME.test(name) && isTold(value));
  return [
    ...Object.entries(isRefused)
      .filter(([, isTrue]) => isTrue)
      .map(([what]) => what),
    ...plain.map(({ name }) => `has ${name} in plain text`),
  ];
}

function objectProblems({ kind, metadata, data, automountServiceAccountToken }: KubeObject) {
  const problems: string[] = [];
  if (kind === "Secret") problems.push(`${metadata.name} is a Secret whose values Helm would keep`);
  if (kind === "ServiceAccount" && automountServiceAccountToken !== false) {
    problems.push(`${metadata.name} gives its token away`);
  }
  if (/password|secret_key|private key|token:/i.test(JSON.stringify(data ?? {}))) {
    problems.push(`${metadata.name} has a secret in a ConfigMap`);
  }
  return problems;
}

/** Two objects of one kind and name are one object to a cluster; a name of a Service is a label of the DNS. */
function nameProblems(objects: readonly KubeObject[]): string[] {
  const names = objects.map(({ kind, metadata }) => `${kind} ${metadata.name}`);
  return [
    ...names
      .filter((name, at) => names.indexOf(name) !== at)
      .map((name) => `${name} is there twice`),
    ...names
      .filter((name) => (name.split(" ")[1] ?? "").length > 63)
      .map((name) => `${name}: long`),
  ];
}
