import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { loadConfig } from "@s3eg/shared/runtime/config.ts";
import { nameOfBoth, overlapProblems } from "../../src/auth/overlapping-policies.ts";
import { contentsOf, type PolicyFile, policyFile } from "../../src/config/policy-file.ts";
import { STANDARD } from "../running-edge.ts";

describe("nameOfBoth", () => {
  for (const [one, other, name] of [
    ["photos", "photos", "photos"],
    ["photos", "photo", undefined],
    ["photos", "*", "photos"],
    ["*", "*", ""],
    ["a*", "*b", "ab"],
    ["a*", "b*", undefined],
    ["logs-*-eu", "logs-a*", "logs-a-eu"],
    ["*x*", "a*y", "axy"],
    ["a**b", "a*b", "ab"],
    ["ab*", "*ba", "aba"],
    ["a.c", "abc", undefined],
  ] as const) {
    it(`of ${one} and ${other} is ${name}`, () => {
      for (const found of [nameOfBoth(one, other), nameOfBoth(other, one)]) {
        assert.equal(found?.length, name?.length);
        assert.equal(nameOfBoth(one, other), name);
      }
    });
  }
});

function policy(name: string, yaml: string) {
  const file: PolicyFile = loadConfig(policyFile, { yamlText: `id: ${name}\n${yaml}`, env: {} });
  const keyWish = file.encryption.key_manager;
  const rule = {
    ...STANDARD,
    id: file.id,
    buckets: file.buckets,
    contents: contentsOf(file, "sealed"),
    encryptsMultipart: file.encrypt_multipart_uploads,
    ...(keyWish ? { keyWish } : {}),
  };
  return { name: `${name}.yaml`, rule, file };
}

const problemsOf = (...yaml: readonly string[]) =>
  overlapProblems(yaml.map((text, at) => policy(`p${at}`, text)));

describe("policies that overlap", () => {
  it("are refused by both names where one stores unsealed what the other seals", () => {
    for (const [one, other] of [
      ["buckets: [data-*]\ndisable_encryption: true", "buckets: [data-secret]"],
      ["buckets: [data-secret]", "buckets: ['*']\ncontents: pass-through"],
      [
        "buckets: [a, data-secret]\ncontents: mixed\nencrypt_multipart_uploads: false",
        "buckets: ['*-secret']\nrequire_encryption: true",
      ],
    ] as const) {
      const [problem = "", ...more] = problemsOf(one, other);
      assert.match(problem, /p0\.yaml.*p1\.yaml.*"data-secret".*encrypted|parts/);
      assert.deepEqual(more, []);
    }
  });

  it("are refused where both choose, and choose differently", () => {
    const key = (id: string) => `encryption: {key_manager: {provider: kmip, key_id: ${id}}}`;
    for (const [one, other, what] of [
      [key("a"), key("b"), /encryption\.key_manager$/],
      [
        "encryption: {preferred_algorithm: AES256-GCM}",
        "encryption: {preferred_algorithm: ChaCha20-Poly1305}",
        /preferred_algorithm$/,
      ],
      ["metadata: sealed", "metadata: plain", /metadata$/],
      ["bind_as: a", "bind_as: b", /bind_as$/],
    ] as const) {
      const [problem = ""] = problemsOf(`buckets: [a*]\n${one}`, `buckets: ['*']\n${other}`);
      assert.match(problem, what);
      assert.deepEqual(problemsOf(`buckets: [a*]\n${one}`, "buckets: ['*']"), []);
      assert.deepEqual(problemsOf(`buckets: [a]\n${one}`, `buckets: [b]\n${other}`), []);
    }
  });

  it("may disagree about everything else: the first one wins", () => {
    assert.deepEqual(problemsOf("buckets: [a]\netag: md5", "buckets: [a]\netag: opaque"), []);
  });

  it("are told of every bucket where both are for all", () => {
    const [problem = ""] = problemsOf("buckets: ['*']", "buckets: ['*']\ndisable_encryption: true");
    assert.match(problem, /both speak of every bucket/);
  });
});
