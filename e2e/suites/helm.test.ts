/** The chart, rendered by a real Helm over a matrix of values: accepted by the schemas of Kubernetes, safe by our rules, refused where it could not work. */
import assert from "node:assert/strict";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import {
  CHART,
  helm,
  MATRIX,
  type Rendered,
  refusalOf,
  render,
  valuesFile,
} from "../helm/chart.ts";
import { podsOf } from "../helm/kubernetes-objects.ts";
import { policyProblems } from "../helm/policy.ts";
import { KUBERNETES_VERSIONS, validate, writeCrdSchemas } from "../helm/schemas.ts";
import { makeScratch, type Scratch } from "../servers/place.ts";

/** Entries whose text is kept, so that a change of what a user has installed is seen. `UPDATE_GOLDEN=1` writes them. */
const GOLDEN = [
  "go-envelope",
  "go-password",
  "go-valkey",
  "distributed",
  "distributed-everything",
  "bundled-nats",
];
const GOLDEN_FOLDER = join(import.meta.dirname, "../helm/golden");

/** Values that can't work, and what is said of them. */
const REFUSED: readonly (readonly [string, readonly string[], RegExp])[] = [
  [
    "go-valkey",
    ["config.multipartState.valkey.addr.value=v:6379"],
    /valkey\.enabled and config\.multipartState\.valkey\.addr: one of the two/,
  ],
  [
    "go-valkey",
    ["valkey.architecture=cluster"],
    /valkey\.architecture: only standalone is bundled/,
  ],
  [
    "go-valkey",
    ["valkey.auth.enabled=true"],
    /valkey\.auth\.enabled needs valkey\.auth\.existingSecret/,
  ],
  ["go-envelope", ["replicaCount=2"], /replicaCount above 1 needs valkey\.enabled or/],
  [
    "distributed",
    ["audit.enabled=false", "config.audit.enabled.value=true"],
    /config\.audit\.enabled needs audit\.enabled/,
  ],
  ["distributed", ["nats.url="], /mode distributed needs nats\.url or nats\.enabled/],
  [
    "distributed",
    ["nats.enabled=true", "nats.credsSecret=s"],
    /nats\.enabled and nats\.url: one of the two/,
  ],
  ["bundled-nats", ["nats.credsSecret="], /nats\.enabled needs nats\.credsSecret/],
  [
    "bundled-nats",
    ["certManager.serviceIssuerRef=null"],
    /nats\.enabled needs certificates: certManager\.serviceIssuerRef, or/,
  ],
  ["bundled-nats", ["nats.replicaCount=2"], /nats\/replicaCount|nats\.replicaCount/],
  ["bundled-nats", ["nats.persistense.size=1Gi"], /persistense/],
  ["distributed", ["valkey.enabled=false"], /mode distributed needs valkey\.enabled or/],
  [
    "distributed",
    ["config.nats.url.value=nats://n:4222"],
    /nats\.url and config\.nats\.url: one of the two/,
  ],
  ["distributed", ["admin.enabled=true"], /admin\.enabled needs a certificate/],
  [
    "distributed",
    ["keys.autoscaling.enabled=true"],
    /keys\.autoscaling: only edge and crypto are scaled/,
  ],
  ["distributed", ["edge.persistence.enabled=true"], /edge\.persistence: only keys and audit/],
  ["go-envelope", ["keda.enabled=true"], /keda\.enabled scales crypto: it needs mode distributed/],
  [
    "keda",
    ["crypto.autoscaling.targetTransfers=8"],
    /targetTransfers is for the HorizontalPodAutoscaler/,
  ],
  [
    "go-envelope",
    ["certManager.enabled=true"],
    /certManager\.enabled needs certManager\.issuerRef/,
  ],
  ["go-envelope", ["gatewayApi.enabled=true"], /gatewayApi\.enabled needs gatewayApi\.parentRefs/],
  ["go-envelope", ["ingress.enabled=true"], /ingress\.enabled needs ingress\.hosts/],
  [
    "go-envelope",
    ["config.backend.secretKey.value=x"],
    /config\.backend\.secretKey has value and valueFrom/,
  ],
  ["go-envelope", ["image.tag=latest"], /image\/tag|image\.tag/],
  ["go-envelope", ["config.backend.endpiont.value=x"], /endpiont/],
  ["go-envelope", ["mode=both"], /mode/],
];

describe("helm/s3-encryption-gateway", () => {
  let scratch: Scratch;
  const rendered = new Map<string, Rendered>();
  before(async () => {
    scratch = await makeScratch("helm");
    await mkdir(join(scratch.folder, "crds"));
    await writeCrdSchemas(join(scratch.folder, "crds"));
    for (const name of MATRIX) {
      const release = await render(name);
      rendered.set(name, release);
      await writeFile(join(scratch.folder, `${name}.yaml`), release.text);
    }
  });
  after(async () => await scratch[Symbol.asyncDispose]());
  const of = (name: string): Rendered => {
    const found = rendered.get(name);
    assert.ok(found, name);
    return found;
  };

  it("passes helm lint --strict", async () => {
    assert.ok(MATRIX.length >= 12);
    for (const name of GOLDEN) {
      assert.match(await helm(["lint", "--strict", CHART, "-f", valuesFile(name)]), / 0 chart/);
    }
  });

  for (const version of KUBERNETES_VERSIONS) {
    it(`renders what the schemas of Kubernetes ${version} and of custom resources take, every object`, async () => {
      const files = MATRIX.map((name) => join(scratch.folder, `${name}.yaml`));
      const crdSchemas = join(scratch.folder, "crds");
      const { valid, skipped, problems } = await validate(files, { version, crdSchemas });
      const objects = MATRIX.flatMap((name) => of(name).objects);
      assert.deepEqual(
        { problems, skipped, valid },
        { problems: [], skipped: 0, valid: objects.length },
      );
      assert.ok(new Set(objects.map(({ kind }) => kind)).size >= 16);
    });
  }

  it("would notice a schema that is not found, and a field that is not there", async () => {
    const crdSchemas = join(scratch.folder, "crds");
    const file = join(scratch.folder, "monitors.yaml");
    const version = KUBERNETES_VERSIONS[1];
    const lost = await validate([file], { version, crdSchemas: join(scratch.folder, "elsewhere") });
    assert.ok(lost.problems.some((line) => /PodMonitor .*could not find schema/.test(line)));
    const wrong = join(scratch.folder, "wrong.yaml");
    const text = of("monitors")
      .text.replace("interval:", "intervl:")
      .replace("replicas:", "replica:");
    await writeFile(wrong, text);
    const { problems } = await validate([wrong], { version, crdSchemas });
    assert.deepEqual(problems.map((problem) => problem.split(" ")[0]).toSorted(), [
      "PodMonitor",
      "StatefulSet",
    ]);
  });

  for (const name of GOLDEN) {
    it(`makes of ${name} what it made before`, async () => {
      const file = join(GOLDEN_FOLDER, `${name}.yaml`);
      if (process.env.UPDATE_GOLDEN) await writeFile(file, of(name).text);
      assert.equal(of(name).text, await readFile(file, "utf8"));
    });
  }

  it("runs every container without root, rights, a writable root or a token, with limits, and keeps secrets in Secrets", () => {
    for (const name of MATRIX)
      assert.deepEqual([name, policyProblems(of(name).objects)], [name, []]);
  });

  it("would notice a container that does not keep to it", () => {
    const [pod] = podsOf(of("go-envelope").objects);
    assert.ok(pod);
    const container = { name: "bad", image: "gateway", env: [{ name: "KEK_1", value: "x" }] };
    const spec = { ...pod.spec, automountServiceAccountToken: true, containers: [container] };
    const object = { apiVersion: "v1", kind: "Pod", metadata: { name: "bad" }, spec };
    assert.equal(policyProblems([object]).length, 7);
  });

  it("is scraped under a job that the alert for processes that are down knows", () => {
    const alert = /up\{job=~\\?"(.*?)\\?"\} == 0/.exec(of("monitors").text);
    for (const name of ["monitors", "distributed-everything"]) {
      const [, job = ""] = /targetLabel: job\n\s+replacement: (\S+)/.exec(of(name).text) ?? [];
      assert.match(job.replace("$1", "edge"), new RegExp(`^(?:${alert?.[1]})$`));
    }
  });

  it("refuses values that can't work, with the reason", async () => {
    for (const [name, settings, reason] of REFUSED) {
      assert.match(await refusalOf(name, settings), reason, settings.join(" "));
    }
  });
});
