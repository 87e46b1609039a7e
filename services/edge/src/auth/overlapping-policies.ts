/**
 * Policies that speak of the same bucket and disagree about encryption: which of them comes first would decide what is stored unsealed or
 * under whose key. Nobody may find that out by a file's name, so it is refused at start.
 */
import type { PolicyFile } from "../config/policy-file.ts";
import { type PolicyRule, sealsObjects, sealsUploads } from "./policy.ts";

/** A policy, what its author wrote, and how that is called. */
export interface NamedPolicy {
  readonly name: string;
  readonly rule: PolicyRule;
  readonly file: PolicyFile;
}

/** A problem for every two policies that overlap and disagree. */
export function overlapProblems(policies: readonly NamedPolicy[]): string[] {
  return policies.flatMap((one, at) =>
    policies.slice(at + 1).flatMap((other) => {
      const about = disagreements(one, other);
      const bucket = about.length === 0 ? undefined : sharedBucket(one.rule, other.rule);
      if (bucket === undefined) return [];
      const which = bucket === "" ? "every bucket" : `buckets such as "${bucket}"`;
      return [
        `policies: ${one.name} ("${one.rule.id}") and ${other.name} ("${other.rule.id}") both speak of ${which}, and disagree about ${about.join(", ")}`,
      ];
    }),
  );
}

/** What the two say differently. Whether something is sealed is compared as it comes out; a choice counts where both make one. */
function disagreements(one: NamedPolicy, other: NamedPolicy): string[] {
  const differs = (of: (policy: NamedPolicy) => unknown) => of(one) !== of(other);
  const bothSay = (of: (policy: NamedPolicy) => string | undefined) =>
    of(one) !== undefined && of(other) !== undefined && differs(of);
  const found: [string, boolean][] = [
    ["whether objects are encrypted", differs(({ rule }) => sealsObjects(rule))],
    ["whether objects uploaded in parts are", differs(({ rule }) => sealsUploads(rule))],
    ["encryption.key_manager", bothSay(({ rule }) => keyOf(rule))],
    ["encryption.preferred_algorithm", bothSay(({ file }) => file.encryption.preferred_algorithm)],
    ["metadata", bothSay(({ file }) => file.metadata)],
    ["bind_as", bothSay(({ file }) => file.bind_as)],
  ];
  return found.filter(([, isSo]) => isSo).map(([what]) => what);
}

function keyOf({ keyWish }: PolicyRule): string | undefined {
  return keyWish && JSON.stringify([keyWish.provider, keyWish.keyId]);
}

function sharedBucket(one: PolicyRule, other: PolicyRule): string | undefined {
  for (const glob of one.buckets) {
    for (const otherGlob of other.buckets) {
      const name = nameOfBoth(glob, otherGlob);
      if (name !== undefined) return name;
    }
  }
  return undefined;
}

/** The shortest text that both globs stand for; undefined where there is none. */
export function nameOfBoth(one: string, other: string): string | undefined {
  // By how much of each glob is left, from the end on.
  const found = new Map<string, string | undefined>();
  const at = (i: number, j: number) => found.get(`${i} ${j}`);
  for (let i = one.length; i >= 0; i -= 1) {
    for (let j = other.length; j >= 0; j -= 1) {
      found.set(`${i} ${j}`, shortestOf(i, j));
    }
  }
  return at(0, 0);

  function shortestOf(i: number, j: number): string | undefined {
    const [a, b] = [one[i], other[j]];
    if (a === undefined && b === undefined) return "";
    const ways = [
      // A star stands for nothing, or for one more character of the other.
      ...(a === "*" ? [at(i + 1, j), through(b, at(i, j + 1))] : []),
      ...(b === "*" ? [at(i, j + 1), through(a, at(i + 1, j))] : []),
      ...(a === b && a !== "*" ? [through(a, at(i + 1, j + 1))] : []),
    ];
    const names = ways.filter((way) => way !== undefined);
    return names.toSorted((x, y) => x.length - y.length).at(0);
  }
}

function through(character: string | undefined, rest: string | undefined): string | undefined {
  if (character === undefined || rest === undefined) return undefined;
  return character === "*" ? rest : character + rest;
}
