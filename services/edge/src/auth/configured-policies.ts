/** Policies from the files that `policies` names, and from numbered variables. */
import { globSync, readFileSync } from "node:fs";
import type { Contents } from "@s3eg/shared/contracts/crypto.ts";
import type { KeyWish } from "@s3eg/shared/contracts/keys.ts";
import { Fault, isFault } from "@s3eg/shared/faults.ts";
import { SUITE } from "@s3eg/shared/format/layout.ts";
import { type ConfigSources, loadConfig, settingPlace } from "@s3eg/shared/runtime/config.ts";
import { givenPlaces } from "@s3eg/shared/runtime/given-places.ts";
import { settingsWithoutEffect } from "@s3eg/shared/runtime/without-effect.ts";
import { contentsOf, type PolicyFile, policyFile } from "../config/policy-file.ts";
import { rateOf } from "../config/traffic.ts";
import type { Env } from "./credential-sources.ts";
import { numberedPolicies, type PolicyText } from "./numbered-policies.ts";
import { type NamedPolicy, overlapProblems } from "./overlapping-policies.ts";
import { type BucketPolicy, Policies, type PolicyRule } from "./policy.ts";

/** What holds where no policy file says otherwise. */
export interface PolicyDefaults extends Pick<BucketPolicy, "etag" | "checksum" | "metadata"> {
  readonly preferredAlgorithm: string | undefined;
  /** What buckets may contain where no policy says it. */
  readonly contents: Contents;
}

/**
 * Reads every policy: the files in the order of the globs, files of a glob by name, then the numbered variables of `env`. Throws
 * one `config.invalid` with every problem; a glob that matches nothing is one.
 */
export function configuredPolicies(
  globs: readonly string[],
  defaults: PolicyDefaults,
  env: Env = {},
): Policies {
  const problems: string[] = [];
  const orProblem = <Value>(read: () => Value[]): Value[] => {
    try {
      return read();
    } catch (error) {
      if (!isFault(error, "config.invalid")) throw error;
      problems.push(error.message);
      return [];
    }
  };
  const texts = [
    ...globs.flatMap((glob) => orProblem(() => textsOf(glob))),
    ...orProblem(() => numberedPolicies(env)),
  ];
  const named = texts.flatMap((text) => orProblem(() => [namedPolicy(text, defaults)]));
  problems.push(...overlapProblems(named));
  if (problems.length > 0) throw new Fault("config.invalid", problems.join("\n"));
  const rules = named.map(({ rule }) => rule);
  const standard = {
    id: "default",
    contents: defaults.contents,
    suite: suiteOf(defaults.preferredAlgorithm),
    etag: defaults.etag,
    checksum: defaults.checksum,
    ...(defaults.metadata === undefined ? {} : { metadata: defaults.metadata }),
  } as const;
  return new Policies(rules, standard);
}

function textsOf(glob: string): PolicyText[] {
  const found = globSync(glob).sort();
  if (found.length === 0) throw new Fault("config.invalid", `policies: no file matches ${glob}`);
  return found.map((file) => ({ name: file, text: readFileSync(file, "utf8") }));
}

function namedPolicy({ name, text }: PolicyText, defaults: PolicyDefaults): NamedPolicy {
  const source = { yamlText: text, yamlName: name, env: {} };
  const file = loadConfig(policyFile, source);
  const givenAt = givenPlaces(policyFile, source);
  return { name, file, rule: { ...ruleOf(file, { source, defaults }), source: name, givenAt } };
}

function ruleOf(
  file: PolicyFile,
  { source, defaults }: { source: ConfigSources; defaults: PolicyDefaults },
): PolicyRule {
  const withoutEffect = settingsWithoutEffect(policyFile, source);
  const rate = rateOf(file.rate_limit);
  const metadata = file.metadata ?? defaults.metadata;
  return {
    id: file.id,
    buckets: file.buckets,
    contents: contentsOf(file, defaults.contents),
    suite: suiteOf(file.encryption.preferred_algorithm ?? defaults.preferredAlgorithm),
    etag: file.etag ?? defaults.etag,
    checksum: file.checksum ?? defaults.checksum,
    anonymous: file.anonymous,
    encryptsMultipart: file.encrypt_multipart_uploads,
    requiresEncryption: file.require_encryption,
    noCache: file.no_cache,
    requiresTls: file.require_tls,
    disallowsLockBypass: file.disallow_lock_bypass,
    ...(file.max_object_size === undefined ? {} : { maxObjectBytes: file.max_object_size }),
    ...keyOf(file.encryption.key_manager, source),
    ...(file.bind_as === undefined ? {} : { bindAs: file.bind_as }),
    ...(metadata === undefined ? {} : { metadata }),
    ...(file.sse === undefined ? {} : { sse: file.sse }),
    ...(rate ? { rate } : {}),
    ...(withoutEffect.length === 0 ? {} : { withoutEffect }),
  };
}

function keyOf(
  keyWish: KeyWish | undefined,
  source: ConfigSources,
): Pick<PolicyRule, "keyWish" | "keyWishPlace"> {
  if (!keyWish) return {};
  const path = ["encryption", "key_manager", keyWish.keyId === undefined ? "provider" : "key_id"];
  return { keyWish, keyWishPlace: settingPlace(policyFile, source, path) };
}

function suiteOf(algorithm: string | undefined) {
  return algorithm === "ChaCha20-Poly1305" ? SUITE.chacha20Poly1305 : SUITE.aes256Gcm;
}
