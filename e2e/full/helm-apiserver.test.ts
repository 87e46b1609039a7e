/**
 * The chart against a real API server: all that it renders is admitted, its pods keep to Pod Security's "restricted", and a release is installed, changed, taken back and
 * removed. There is no node: that pods run is shown elsewhere, by processes. And the settings of every pod of the matrix are good to the real gateway.
 */
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { CHART, helm, MATRIX, render, valuesFile } from "../helm/chart.ts";
import { checkConfig } from "../helm/check-config.ts";
import { type Pod, podsOf } from "../helm/kubernetes-objects.ts";
import { crdFiles } from "../helm/schemas.ts";
import { type KubeApiserver, startKubeApiserver } from "../servers/kube-apiserver.ts";
import { makeScratch, type Scratch } from "../servers/place.ts";

const NAMESPACE = "storage";
const RELEASE = "gw-s3-encryption-gateway";

/** Needs the module of a real token, which the values only point to. */
const WITHOUT_CHECK = ["pkcs11"];

describe("helm/s3-encryption-gateway on a real API server", () => {
  let scratch: Scratch;
  let server: KubeApiserver;
  before(async () => {
    scratch = await makeScratch("helm-apiserver");
    server = await startKubeApiserver();
    for (const file of crdFiles()) {
      const { stdout } = await server.kubectl(["apply", "--server-side", "-f", file]);
      assert.match(stdout, /serverside-applied/);
    }
    await server.kubectl(["wait", "--for=condition=Established", "--timeout=60s", "crd", "--all"]);
    await server.kubectl(["create", "namespace", NAMESPACE]);
    const level = "pod-security.kubernetes.io/enforce=restricted";
    await server.kubectl(["label", "namespace", NAMESPACE, level]);
  });
  after(async () => {
    await server[Symbol.asyncDispose]();
    await scratch[Symbol.asyncDispose]();
  });

  const tryOut = async (name: string, text: string) => {
    const file = join(scratch.folder, name);
    await writeFile(file, text);
    return await server.kubectl(["apply", "-n", NAMESPACE, "--dry-run=server", "-f", file]);
  };

  for (const name of MATRIX) {
    it(`would admit every object of ${name}, and warns of none`, async () => {
      const { text, objects } = await render(name);
      const { stdout, stderr } = await tryOut(`${name}.yaml`, text);
      assert.equal(stdout.match(/ created \(server dry run\)/g)?.length, objects.length);
      assert.equal(stderr, "");
    });
  }

  it("would admit every pod where Pod Security's restricted is enforced", async () => {
    let count = 0;
    for (const name of MATRIX) {
      const items = podsOf((await render(name)).objects).map(withItsClaims);
      const list = JSON.stringify({ apiVersion: "v1", kind: "List", items });
      const { stdout } = await tryOut("pods.json", list);
      assert.equal(stdout.match(/ created \(server dry run\)/g)?.length, items.length);
      count += items.length;
    }
    assert.ok(count > MATRIX.length * 2, `${count} pods`);
  });

  it("refuses a pod that is not restricted, a rule that has no meaning and a field that no custom resource has", async () => {
    const [pod] = podsOf((await render("network-open")).objects);
    const spec = { ...pod?.spec, securityContext: {} };
    const loose = { apiVersion: "v1", kind: "Pod", metadata: { name: "loose" }, spec };
    await assert.rejects(
      tryOut("loose.json", JSON.stringify(loose)),
      /violates PodSecurity "restricted/,
    );
    const { text } = await render("keda");
    await assert.rejects(tryOut("field.yaml", text.replace("triggers:", "triggres:")), /triggres/);
    const { text: closed } = await render("network-closed");
    await assert.rejects(tryOut("cidr.yaml", closed.replace("10.4.0.0/16", "10.4.0.0")), /cidr/);
  });

  it("is installed, becomes another mode, is taken back and removed", async () => {
    const env = { KUBECONFIG: server.kubeconfig };
    const run = (args: string[]) => helm([...args, "--namespace", NAMESPACE], env);
    const names = async (kind: string) => {
      const { stdout } = await server.kubectl(["get", kind, "-n", NAMESPACE, "-o", "name"]);
      return stdout.trim().split("\n").filter(Boolean).toSorted();
    };
    assert.match(
      await run(["install", "gw", CHART, "-f", valuesFile("go-envelope")]),
      /STATUS: deployed/,
    );
    assert.deepEqual(await names("statefulsets"), [`statefulset.apps/${RELEASE}`]);
    await run(["upgrade", "gw", CHART, "-f", valuesFile("three-replicas")]);
    const { stdout: replicas } = await server.kubectl([
      "get",
      "statefulset",
      RELEASE,
      "-n",
      NAMESPACE,
      "-o",
      "jsonpath={.spec.replicas}",
    ]);
    assert.equal(replicas, "3");
    await run(["upgrade", "gw", CHART, "-f", valuesFile("distributed-everything")]);
    assert.deepEqual(
      await names("deployments"),
      ["admin", "crypto", "edge"].map((service) => `deployment.apps/${RELEASE}-${service}`),
    );
    assert.deepEqual(
      await names("statefulsets"),
      [`${RELEASE}-audit`, `${RELEASE}-keys`, "gw-valkey"].map(
        (name) => `statefulset.apps/${name}`,
      ),
    );
    assert.deepEqual((await names("certificates")).length, 6);
    await run(["rollback", "gw", "1"]);
    assert.deepEqual(await names("deployments"), []);
    assert.deepEqual(await names("statefulsets"), [`statefulset.apps/${RELEASE}`]);
    assert.match(await run(["history", "gw"]), /Rollback to 1/);
    await run(["uninstall", "gw"]);
    for (const kind of [
      "deployments",
      "services",
      "networkpolicies",
      "serviceaccounts",
      "configmaps",
    ]) {
      assert.deepEqual(
        (await names(kind)).filter((name) => name.includes("gw")),
        [],
      );
    }
  });

  for (const name of MATRIX.filter((entry) => !WITHOUT_CHECK.includes(entry))) {
    it(`gives every pod of ${name} settings that start it`, async () => {
      const said = await checkConfig(name, scratch.folder);
      assert.ok(said.length > 0);
      for (const { roles, code, text } of said)
        assert.deepEqual([roles, code, text], [roles, 0, text]);
    });
  }
});

/** A pod as its workload would make it, with a volume for each of the workload's claims. */
function withItsClaims({ name, spec }: Pod) {
  const present = new Set(spec.volumes?.map((volume) => volume.name));
  const mounted = spec.containers.flatMap(({ volumeMounts = [] }) => volumeMounts);
  const claims = new Set(
    mounted.map((mount) => mount.name).filter((volume) => !present.has(volume)),
  );
  const ofClaims = [...claims].map((claim) => ({
    name: claim,
    persistentVolumeClaim: { claimName: claim },
  }));
  const volumes = [...(spec.volumes ?? []), ...ofClaims];
  return { apiVersion: "v1", kind: "Pod", metadata: { name }, spec: { ...spec, volumes } };
}
