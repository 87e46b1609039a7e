/** What the tests read of objects of Kubernetes: of their fields those that are asked about. */

/** Components of a release that are not the gateway. */
const OTHERS = ["test", "upload-state", "broker"];

/** Any object. */
export interface KubeObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: Metadata;
  readonly spec?: Record<string, unknown>;
  /** Of a ConfigMap. */
  readonly data?: Readonly<Record<string, string>>;
  /** Of a ServiceAccount. */
  readonly automountServiceAccountToken?: boolean;
}

interface Metadata {
  readonly name: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** One entry of `env`. */
export interface Variable {
  readonly name: string;
  readonly value?: string;
  readonly valueFrom?: {
    readonly secretKeyRef?: KeyRef;
    readonly configMapKeyRef?: KeyRef;
    readonly fieldRef?: { readonly fieldPath: string };
  };
}

interface KeyRef {
  readonly name: string;
  readonly key: string;
  readonly optional?: boolean;
}

/** A container of a pod. */
export interface Container {
  readonly name: string;
  readonly image: string;
  readonly args?: readonly string[];
  readonly env?: readonly Variable[];
  readonly resources?: { readonly limits?: Readonly<Record<string, unknown>> };
  readonly securityContext?: SecurityContext;
  readonly volumeMounts?: readonly { readonly name: string; readonly mountPath: string }[];
}

interface SecurityContext {
  readonly runAsNonRoot?: boolean;
  readonly readOnlyRootFilesystem?: boolean;
  readonly allowPrivilegeEscalation?: boolean;
  readonly privileged?: boolean;
  readonly capabilities?: { readonly drop?: readonly string[]; readonly add?: readonly string[] };
  readonly seccompProfile?: { readonly type: string };
}

/** A volume of a pod. */
export interface Volume {
  readonly name: string;
  readonly secret?: { readonly secretName: string; readonly items?: readonly Item[] };
  readonly configMap?: { readonly name: string; readonly items?: readonly Item[] };
  readonly projected?: { readonly sources: readonly Readonly<Record<string, unknown>>[] };
  readonly hostPath?: unknown;
}

interface Item {
  readonly key: string;
  readonly path: string;
}

/** The specification of a pod. */
interface PodSpec {
  readonly serviceAccountName?: string;
  readonly automountServiceAccountToken?: boolean;
  readonly hostNetwork?: boolean;
  readonly securityContext?: SecurityContext;
  readonly containers: readonly Container[];
  readonly initContainers?: readonly Container[];
  readonly volumes?: readonly Volume[];
}

/** A pod, or what a workload makes its pods of. */
export interface Pod {
  /** The name of the object it is part of. */
  readonly name: string;
  /** Its label `app.kubernetes.io/component`. */
  readonly component: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly spec: PodSpec;
}

/** The pods of the gateway itself, without those of what a release brings for it and of its test. */
export function gatewayPodsOf(objects: readonly KubeObject[]): Pod[] {
  return podsOf(objects).filter(({ component }) => !OTHERS.includes(component));
}

/** The pods among objects, and those of their workloads. */
export function podsOf(objects: readonly KubeObject[]): Pod[] {
  return objects.flatMap(({ kind, metadata, spec }) => {
    if (kind === "Pod") return [podOf(metadata.name, { metadata, spec })];
    if (kind !== "Deployment" && kind !== "StatefulSet") return [];
    return [podOf(metadata.name, spec?.template as { metadata?: Metadata; spec?: unknown })];
  });
}

function podOf(name: string, { metadata, spec }: { metadata?: Metadata; spec?: unknown }): Pod {
  const labels = metadata?.labels ?? {};
  const component = labels["app.kubernetes.io/component"] ?? "";
  return { name, component, labels, spec: spec as PodSpec };
}
