import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { SUITE } from "@s3eg/shared/format/layout.ts";
import { configuredPolicies } from "../../src/auth/configured-policies.ts";
import { hidesMetadata } from "../../src/auth/policy.ts";

const folder = mkdtempSync(join(tmpdir(), "policies-"));
after(() => rmSync(folder, { recursive: true }));

const DEFAULTS = {
  preferredAlgorithm: "ChaCha20-Poly1305",
  contents: "sealed",
  etag: "opaque",
  checksum: "client",
} as const;

const UNSEALED = "id: a\nbuckets: [a]\nencrypt_multipart_uploads: false\n";

function write(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

describe("configuredPolicies", () => {
  it("are the defaults where there is no file", () => {
    const policy = configuredPolicies([], DEFAULTS).of("any");
    assert.deepEqual(policy, {
      id: "default",
      contents: "sealed",
      suite: SUITE.chacha20Poly1305,
      etag: "opaque",
      checksum: "client",
    });
  });

  it("say whether metadata are sealed, by file or by default", () => {
    write("meta-a.yaml", "id: a\nbuckets: [a]\nmetadata: sealed\n");
    write("meta-b.yaml", "id: b\nbuckets: [b]\nmetadata: plain\n");
    write("meta-c.yaml", "id: c\nbuckets: [c]\n");
    write("meta-d.yaml", "id: d\nbuckets: [d]\ncontents: pass-through\n");
    const globs = [join(folder, "meta-*.yaml")];
    const hidden = (policies: ReturnType<typeof configuredPolicies>) =>
      ["a", "b", "c", "d", "other"].filter((bucket) => hidesMetadata(policies.of(bucket)));
    assert.deepEqual(hidden(configuredPolicies(globs, DEFAULTS)), ["a"]);
    const sealed = { ...DEFAULTS, metadata: "sealed" } as const;
    assert.deepEqual(hidden(configuredPolicies(globs, sealed)), ["a", "c", "other"]);
  });

  it("take files of a glob by name, and the first that matches", () => {
    write("order-b.yaml", "id: b\nbuckets: [photos, more]\ncontents: mixed\nbind_as: original\n");
    write(
      "order-a.yaml",
      "id: a\nbuckets: [photos]\nencryption: { preferred_algorithm: AES256-GCM }\n",
    );
    const policies = configuredPolicies([join(folder, "order-*.yaml")], DEFAULTS);
    const [photos, more] = [policies.of("photos"), policies.of("more")];
    assert.deepEqual([photos.id, photos.suite, photos.bindAs], ["a", SUITE.aes256Gcm, undefined]);
    assert.deepEqual([more.id, more.contents, more.bindAs], ["b", "mixed", "original"]);
    assert.equal(more.suite, SUITE.chacha20Poly1305);
  });

  it("choose a key, and know where that was said", () => {
    const at = write(
      "key-a.yaml",
      "id: a\nbuckets: [a]\nencryption:\n  key_manager:\n    provider: kmip\n    key_id: tenant-a\n",
    );
    write("key-b.yaml", "id: b\nbuckets: [b]\nencryption: {key_manager: {provider: rsa}}\n");
    write("key-c.yaml", "id: c\nbuckets: [c]\n");
    const env = {
      GW_POLICY_1_ID: "d",
      GW_POLICY_1_BUCKETS: "d",
      GW_POLICY_1_KEY_PROVIDER: "kmip",
      GW_POLICY_1_KEY_ID: "tenant-a",
    };
    const policies = configuredPolicies([join(folder, "key-*.yaml")], DEFAULTS, env);
    const tenantA = { provider: "kmip", keyId: "tenant-a" };
    const wishes = ["a", "b", "c", "d"].map((bucket) => policies.of(bucket).keyWish);
    assert.deepEqual(wishes, [tenantA, { provider: "rsa" }, undefined, tenantA]);
    assert.deepEqual(policies.keyWishes, [
      { keyWish: tenantA, place: `${at} line 6: encryption.key_manager.key_id` },
      {
        keyWish: { provider: "rsa" },
        place: `${join(folder, "key-b.yaml")} line 3: encryption.key_manager.provider`,
      },
      { keyWish: tenantA, place: "GW_POLICY_1_* line 1: encryption.key_manager.key_id" },
    ]);
  });

  it("say whether uploads in parts are sealed, and whether everything must be", () => {
    write("mpu-a.yaml", "id: a\nbuckets: [a]\ncontents: mixed\nencrypt_multipart_uploads: false\n");
    write("mpu-b.yaml", "id: b\nbuckets: [b]\nrequire_encryption: true\n");
    const policies = configuredPolicies([join(folder, "mpu-*.yaml")], DEFAULTS);
    const facts = ["a", "b"].map((bucket) => policies.of(bucket));
    assert.deepEqual(
      facts.map(({ encryptsMultipart, requiresEncryption }) => [
        encryptsMultipart,
        requiresEncryption,
      ]),
      [
        [false, false],
        [true, true],
      ],
    );
    assert.deepEqual(
      policies.rules.map(({ id }) => id),
      ["a", "b"],
    );
  });

  for (const [what, text] of [
    ["that stores parts plain where only sealed objects may be", UNSEALED],
    ["that contradicts itself", `${UNSEALED}contents: mixed\nrequire_encryption: true\n`],
    ["without an id", "buckets: [a]\n"],
    ["without a bucket", "id: a\nbuckets: []\n"],
    ["with a setting nobody knows", "id: a\nbuckets: [a]\nencrypted: false\n"],
    ["with contents nobody knows", "id: a\nbuckets: [a]\ncontents: plain\n"],
  ] as const) {
    it(`refuse a file ${what}`, () => {
      const path = write("bad.yaml", text);
      assert.throws(() => configuredPolicies([path], DEFAULTS), { code: "config.invalid" });
    });
  }

  it("store as they are the objects of buckets without encryption", () => {
    const path = write("off.yaml", "id: a\nbuckets: [a]\ndisable_encryption: true\n");
    assert.equal(configuredPolicies([path], DEFAULTS).of("a").contents, "pass-through");
    for (const other of ["contents: mixed", "require_encryption: true"]) {
      const bad = write("bad.yaml", `id: a\nbuckets: [a]\ndisable_encryption: true\n${other}\n`);
      assert.throws(() => configuredPolicies([bad], DEFAULTS), /contradict each other/);
    }
  });

  it("come from numbered variables too, after those of files", () => {
    const file = write("first.yaml", "id: file\nbuckets: [photos]\n");
    const env = {
      GW_POLICY_1_ID: "late",
      GW_POLICY_1_BUCKETS: "photos,more",
      GW_POLICY_0_ID: "plain",
      GW_POLICY_0_BUCKETS: "plain-*",
      GW_POLICY_0_DISABLE_ENCRYPTION: "true",
    };
    const policies = configuredPolicies([file], DEFAULTS, env);
    assert.deepEqual(
      policies.rules.map(({ id }) => id),
      ["file", "plain", "late"],
    );
    assert.equal(policies.of("plain-1").contents, "pass-through");
    assert.equal(policies.of("photos").id, "file");
  });

  it("limit how often clients come where they say so", () => {
    const text = "rate_limit: { enabled: true, limit: 7, window: 2s, by: credential }\n";
    const path = write("slow.yaml", `id: slow\nbuckets: [slow]\n${text}`);
    const policies = configuredPolicies([path], DEFAULTS);
    assert.deepEqual(policies.of("slow").rate, {
      limit: 7,
      windowMs: 2000,
      by: "credential",
      isShared: true,
    });
    assert.equal(policies.of("other").rate, undefined);
  });

  it("name what nothing comes of", () => {
    const text = "encryption: { password: a password }\n";
    const path = write("dead.yaml", `id: a\nbuckets: [a]\n${text}`);
    const [rule] = configuredPolicies([path], DEFAULTS).rules;
    assert.deepEqual(rule?.withoutEffect, ["encryption.password"]);
  });

  it("are refused with the problems of all files and variables at once", () => {
    const [one, other] = [write("bad-1.yaml", "id: a\n"), write("bad-2.yaml", "buckets: [a]\n")];
    const env = { GW_POLICY_3_ID: "x" };
    assert.throws(
      () => configuredPolicies([one, "nowhere", other], DEFAULTS, env),
      (error: Error) =>
        ["bad-1.yaml", "nowhere", "bad-2.yaml", "GW_POLICY_3"].every((name) =>
          error.message.includes(name),
        ),
    );
  });

  it("are refused where files and variables overlap and disagree about encryption, by all their names", () => {
    const one = write("sealed.yaml", "id: sealed\nbuckets: [data-*]\n");
    const other = write("plain.yaml", "id: plain\nbuckets: ['*-1']\ndisable_encryption: true\n");
    const env = {
      GW_POLICY_1_ID: "third",
      GW_POLICY_1_BUCKETS: "data-1",
      GW_POLICY_1_DISABLE_ENCRYPTION: "true",
    };
    assert.throws(
      () => configuredPolicies([one, other], DEFAULTS, env),
      (error: Error) => {
        const lines = error.message.split("\n");
        assert.equal(lines.length, 2);
        assert.match(
          lines[0] ?? "",
          /sealed\.yaml \("sealed"\).*plain\.yaml \("plain"\).*"data-1"/,
        );
        assert.match(lines[1] ?? "", /sealed\.yaml.*GW_POLICY_1_\* \("third"\)/);
        return true;
      },
    );
  });

  it("forbid what they say: plain HTTP, bypassing locks, large objects, the cache", () => {
    const text =
      "require_tls: true\ndisallow_lock_bypass: true\nmax_object_size: 5\nno_cache: true\n";
    const path = write("forbids.yaml", `id: a\nbuckets: [a]\n${text}`);
    const env = {
      GW_POLICY_1_ID: "b",
      GW_POLICY_1_BUCKETS: "b",
      GW_POLICY_1_DISALLOW_LOCK_BYPASS: "true",
      GW_POLICY_1_REQUIRE_TLS: "true",
      GW_POLICY_1_MAX_OBJECT_SIZE: "5",
      GW_POLICY_1_NO_CACHE: "true",
    };
    const policies = configuredPolicies([path], DEFAULTS, env);
    for (const bucket of ["a", "b"]) {
      const { requiresTls, disallowsLockBypass, maxObjectBytes, noCache } = policies.of(bucket);
      assert.deepEqual([requiresTls, disallowsLockBypass, noCache], [true, true, true], bucket);
      assert.equal(maxObjectBytes, 5);
    }
  });

  it("refuse a glob that matches no file", () => {
    assert.throws(() => configuredPolicies([join(folder, "none-*")], DEFAULTS), /no file matches/);
  });
});
