/** What the chart gives each service: the settings that start it and no secret of another, and the connections of ARCHITECTURE.md. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { MATRIX, render } from "../helm/chart.ts";
import { checkConfig } from "../helm/check-config.ts";
import { gatewayPodsOf, type Pod } from "../helm/kubernetes-objects.ts";
import { arrowsOfDocument, arrowsOfPolicies } from "../helm/network-arrows.ts";
import { makeNatsUsers } from "../servers/nats-users.ts";
import { makeScratch, type Scratch } from "../servers/place.ts";

const ROOT = join(import.meta.dirname, "../..");

/** The address blocks of `ci/network-closed-values.yaml`, as ARCHITECTURE.md calls what is there. */
const BLOCKS = {
  "10.1.0.0/16": "client",
  "10.2.0.0/16": "monitoring",
  "10.3.0.0/16": "operator",
  "10.4.0.0/16": "backend",
  "10.5.0.0/16": "key stores",
  "10.6.0.0/16": "NATS",
  "10.7.0.0/16": "Valkey",
  "10.8.0.0/16": "AUDIT_SINK_ENDPOINT",
  "10.9.0.0/16": "TRACING_OTLP_ENDPOINT",
  "10.10.0.0/16": "DNS",
};

/** Variables that open something, and the services that ARCHITECTURE.md lets have it. */
const WHO_HOLDS: readonly (readonly [RegExp, readonly string[]])[] = [
  [
    /^(?:S3EG_KEK_|SELF_CONTAINED_|ENCRYPTION_PASSWORD|KEY_MANAGER_|AWS_KMS|OPENBAO|PKCS11|HSM_PIN)/,
    ["keys"],
  ],
  [/^BACKEND_(?:ACCESS|SECRET)_KEY$/, ["edge", "crypto"]],
  [/^GW_CRED_/, ["edge"]],
  [/^KEYS_SECRET/, ["crypto", "keys"]],
  [/^SERVICE_SECRET$/, ["edge", "crypto", "keys", "audit", "admin"]],
  [/^VALKEY_/, ["edge", "crypto"]],
  [/^AUDIT_(?:CHAIN|SINK)/, ["audit"]],
  [/^ADMIN_AUTH/, ["admin"]],
];

const variablesOf = ({ spec }: Pod) => spec.containers.flatMap(({ env }) => env ?? []);

describe("the services of helm/s3-encryption-gateway", () => {
  let scratch: Scratch;
  const pods: { name: string; pod: Pod }[] = [];
  before(async () => {
    scratch = await makeScratch("helm-services");
    for (const name of MATRIX) {
      const { objects } = await render(name);
      pods.push(...gatewayPodsOf(objects).map((pod) => ({ name, pod })));
    }
  });
  after(async () => await scratch[Symbol.asyncDispose]());
  const apart = () => pods.filter(({ pod }) => pod.component !== "gateway");

  it("get the secrets that they may know, and no other's", () => {
    for (const [pattern, holders] of WHO_HOLDS) {
      const having = apart().filter(({ pod }) =>
        variablesOf(pod).some((variable) => pattern.test(variable.name)),
      );
      assert.deepEqual(
        [pattern, [...new Set(having.map(({ pod }) => pod.component))].toSorted()],
        [pattern, holders.toSorted()],
      );
    }
  });

  it("read every secret from a Secret, and no pod but that of keys refers to the Secret of the KEKs", () => {
    const referring = apart().filter(({ pod }) =>
      /-kek"|"hsm"|openbao-ca/.test(JSON.stringify(pod.spec)),
    );
    assert.deepEqual(new Set(referring.map(({ pod }) => pod.component)), new Set(["keys"]));
  });

  it("mount their own key to the broker, as deploy/nats makes it, and no other's", async () => {
    const users = await makeNatsUsers(scratch.folder, ["edge", "crypto", "keys", "audit", "admin"]);
    const everything = pods.filter(({ name }) => name === "distributed-everything");
    assert.equal(everything.length, 5);
    for (const { pod } of everything) {
      const items = pod.spec.volumes?.find(({ name }) => name === "nats")?.secret?.items;
      assert.deepEqual(
        items?.map(({ key }) => key),
        [`${pod.component}.nk`],
      );
      assert.ok((await readFile(users.seedOf(pod.component))).length > 0);
    }
  });

  it("have accounts of their own for keys, and none for who needs none", () => {
    const accounts = pods
      .filter(({ name }) => name === "aws-kms")
      .map(({ pod }) => `${pod.component} ${pod.spec.serviceAccountName}`);
    const release = "gw-s3-encryption-gateway";
    assert.deepEqual(accounts.toSorted(), [
      `audit default`,
      `crypto ${release}`,
      `edge ${release}`,
      `keys ${release}-keys`,
    ]);
  });

  it("connect as ARCHITECTURE.md draws it", async () => {
    const document = arrowsOfDocument(await readFile(join(ROOT, "ARCHITECTURE.md"), "utf8"));
    assert.ok(document.size > 15);
    const { objects } = await render("network-closed");
    const { out, in: entering, closed } = arrowsOfPolicies(objects, BLOCKS);
    const services = ["edge", "crypto", "keys", "audit", "admin"];
    assert.deepEqual(closed, new Set(services));
    const leaving = [...document].filter((arrow) => !arrow.startsWith("client"));
    assert.deepEqual(
      [...out].toSorted(),
      [...leaving, ...services.map((name) => `${name} → DNS`)].toSorted(),
    );
    assert.deepEqual(
      [...entering].toSorted(),
      [
        ...[
          "client → edge 8080",
          "edge → crypto 8090",
          "operator → admin 8081",
          "test → edge 9090",
        ],
        ...services.map((name) => `monitoring → ${name} 9090`),
      ].toSorted(),
    );
  });

  it("let everything where no policy of the chart is wanted", async () => {
    const { objects } = await render("network-open");
    assert.deepEqual(
      objects.filter(({ kind }) => kind === "NetworkPolicy"),
      [],
    );
  });

  for (const name of ["go-envelope", "go-password", "distributed-everything"]) {
    it(`start with what the chart gives them: ${name}`, async () => {
      const said = await checkConfig(name, scratch.folder);
      for (const { roles, code, text } of said) {
        assert.deepEqual([roles, code, text], [roles, 0, text]);
        assert.match(
          text,
          new RegExp(`configuration is good for: ${roles.replaceAll(",", ", ")}\n`),
        );
      }
      assert.ok(said.length > 0);
    });
  }
});
