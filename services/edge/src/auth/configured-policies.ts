/** Policies from the files that `policies` names. */
import { globSync, readFileSync } from "node:fs";
import type { Contents } from "@s3eg/shared/contracts/crypto.ts";
import { Fault } from "@s3eg/shared/faults.ts";
import { SUITE } from "@s3eg/shared/format/layout.ts";
import { loadConfig } from "@s3eg/shared/runtime/config.ts";
import { type PolicyFile, policyFile } from "../config.ts";
import { type BucketPolicy, Policies, type PolicyRule } from "./policy.ts";

/** What holds where no policy file says otherwise. */
export interface PolicyDefaults extends Pick<BucketPolicy, "etag" | "checksum"> {
  readonly preferredAlgorithm: string | undefined;
  /** What buckets may contain where no policy says it. */
  readonly contents: Contents;
}

/** Reads every policy file, in the order of the globs, files of a glob by name. A glob that matches nothing is `config.invalid`. */
export function configuredPolicies(globs: readonly string[], defaults: PolicyDefaults): Policies {
  const files = globs.flatMap((glob) => {
    const found = globSync(glob).sort();
    if (found.length === 0) throw new Fault("config.invalid", `policies: no file matches ${glob}`);
    return found;
  });
  const rules = files.map((file) => {
    const text = readFileSync(file, "utf8");
    return ruleOf(loadConfig(policyFile, { yamlText: text, yamlName: file, env: {} }), defaults);
  });
  const standard = {
    id: "default",
    contents: defaults.contents,
    suite: suiteOf(defaults.preferredAlgorithm),
    etag: defaults.etag,
    checksum: defaults.checksum,
  } as const;
  return new Policies(rules, standard);
}

function ruleOf(file: PolicyFile, defaults: PolicyDefaults): PolicyRule {
  return {
    id: file.id,
    buckets: file.buckets,
    contents: file.contents ?? defaults.contents,
    suite: suiteOf(file.encryption.preferred_algorithm ?? defaults.preferredAlgorithm),
    etag: file.etag ?? defaults.etag,
    checksum: file.checksum ?? defaults.checksum,
    anonymous: file.anonymous,
    encryptsMultipart: file.encrypt_multipart_uploads,
    requiresEncryption: file.require_encryption,
    ...(file.bind_as === undefined ? {} : { bindAs: file.bind_as }),
    ...(file.sse === undefined ? {} : { sse: file.sse }),
  };
}

function suiteOf(algorithm: string | undefined) {
  return algorithm === "ChaCha20-Poly1305" ? SUITE.chacha20Poly1305 : SUITE.aes256Gcm;
}
