/** What a client's certificate says of its owner, held against what credentials want of it. */
import type { X509Certificate } from "node:crypto";
import type { ClientCertificateSetting } from "../config/client-certificate.ts";

/** A certificate that TLS has verified. */
export type ShownCertificate = Pick<
  X509Certificate,
  "fingerprint256" | "subject" | "subjectAltName"
>;

/** True where everything that is wanted is in the certificate. */
export function showsWanted(
  shown: ShownCertificate,
  { fingerprint, subject, dns, uri }: ClientCertificateSetting,
): boolean {
  const named = (kind: string) =>
    alternativeNames(shown.subjectAltName ?? "").flatMap((name) =>
      name.kind === kind ? [name.value] : [],
    );
  return (
    (fingerprint === undefined || shown.fingerprint256.replaceAll(":", "") === fingerprint) &&
    (subject === undefined || isSameName(shown.subject.split("\n"), partsOf(subject))) &&
    (dns === undefined || named("DNS").some((name) => isSameHost(name, dns))) &&
    (uri === undefined || named("URI").includes(uri))
  );
}

function isSameHost(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
}

/** Parts of a distinguished name; a comma that belongs to a value is escaped, here as in what Node gives. */
function partsOf(name: string): string[] {
  return (name.match(/(?:\\.|[^,\\])+/g) ?? []).map((part) => part.trim());
}

function isSameName(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && [...one].sort().join("\n") === [...other].sort().join("\n");
}

/** Node writes `DNS:a, URI:b`, and a value in JSON that could be read as more than one (CVE-2021-44532). */
function alternativeNames(text: string): { readonly kind: string; readonly value: string }[] {
  const names = text.matchAll(/(?:^|, )([^:,"]+):("(?:[^"\\]|\\.)*"|[^,"]*)/g);
  return [...names].map(([, kind = "", value = ""]) => ({
    kind,
    value: value.startsWith('"') ? String(JSON.parse(value)) : value,
  }));
}
