/** Who may connect to whom: as ARCHITECTURE.md says it, and as the NetworkPolicies of a release let it. Both as `from → to`. */
import type { KubeObject } from "./kubernetes-objects.ts";

const SERVICES = ["edge", "crypto", "keys", "audit", "admin"];

/** The arrows of the paragraph "Network" of ARCHITECTURE.md. */
export function arrowsOfDocument(markdown: string): Set<string> {
  const [, paragraph = ""] = /\*\*Network\*\*[^:]*:(.*?)\n\n/s.exec(markdown) ?? [];
  const sentence = paragraph.split(/\. (?=[A-Z])/, 1)[0] ?? "";
  const arrows = sentence
    .replaceAll(/\s+/g, " ")
    .split(";")
    .flatMap((part) => {
      const [from = "", to = ""] = part.replaceAll(/\([^)]*\)/g, "").split("→");
      const senders = from.trim() === "all" ? SERVICES : from.split(",").map((name) => name.trim());
      return senders.map((name) => `${name} → ${destination(to)}`);
    });
  return new Set(arrows);
}

function destination(text: string): string {
  return text.replaceAll("`", "").replace("its ", "").replace(/\.$/, "").trim();
}

interface Peer {
  readonly ipBlock?: { readonly cidr: string };
  readonly podSelector?: { readonly matchLabels?: Readonly<Record<string, string>> };
  readonly namespaceSelector?: unknown;
}

/** `spec` of a NetworkPolicy. */
interface PolicySpec {
  readonly podSelector: { readonly matchLabels: Readonly<Record<string, string>> };
  readonly policyTypes: readonly string[];
  readonly ingress?: readonly {
    readonly from?: readonly Peer[];
    readonly ports: readonly Port[];
  }[];
  readonly egress?: readonly { readonly to?: readonly Peer[]; readonly ports: readonly Port[] }[];
}

interface Port {
  readonly port: number;
}

/** What NetworkPolicies let: `out` as their egress says it, `in` as their ingress does, with the port behind it. `names` are those of address blocks. */
export function arrowsOfPolicies(
  objects: readonly KubeObject[],
  names: Readonly<Record<string, string>>,
): { out: Set<string>; in: Set<string>; closed: Set<string> } {
  const policies = objects
    .filter(({ kind }) => kind === "NetworkPolicy")
    // What kubeconform has held to the schema of its kind before.
    .map(({ spec }) => spec as unknown as PolicySpec);
  const isClosed = ({ policyTypes }: PolicySpec) => policyTypes.join() === "Ingress,Egress";
  return {
    out: new Set(policies.flatMap((policy) => leaving(policy, names))),
    in: new Set(policies.flatMap((policy) => entering(policy, names))),
    closed: new Set(policies.filter(isClosed).map(selfOf)),
  };
}

function selfOf({ podSelector }: PolicySpec): string {
  return podSelector.matchLabels["app.kubernetes.io/component"] ?? "?";
}

function leaving(policy: PolicySpec, names: Readonly<Record<string, string>>): string[] {
  const peers = (policy.egress ?? []).flatMap(({ to }) => to ?? [{}]);
  return peers.map((peer) => `${selfOf(policy)} → ${nameOf(peer, names)}`);
}

function entering(policy: PolicySpec, names: Readonly<Record<string, string>>): string[] {
  return (policy.ingress ?? []).flatMap(({ from, ports }) => {
    const to = `${selfOf(policy)} ${ports.map(({ port }) => port).join()}`;
    return (from ?? [{}]).map((peer) => `${nameOf(peer, names)} → ${to}`);
  });
}

function nameOf(peer: Peer, names: Readonly<Record<string, string>>): string {
  const component = peer.podSelector?.matchLabels?.["app.kubernetes.io/component"];
  return component ?? names[peer.ipBlock?.cidr ?? ""] ?? "anywhere";
}
