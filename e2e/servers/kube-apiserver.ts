/** The API server of Kubernetes on an etcd of its own: it takes, keeps and refuses objects; there is no node, so nothing ever runs. */
import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { type Child, runToEnd, startChild, untilReady } from "./child.ts";
import { findProgram, freePort, makeScratch } from "./place.ts";
import { orTakeDown, takeDown } from "./s3-server.ts";

/** A running API server on loopback. */
export interface KubeApiserver extends AsyncDisposable {
  /** File with which kubectl and Helm reach it as its administrator. */
  readonly kubeconfig: string;
  readonly pids: readonly number[];
  /** Runs kubectl; gives what it printed and what it complained of. An error has both. */
  kubectl(args: readonly string[]): Promise<{ stdout: string; stderr: string }>;
}

/** Starts one; it has the namespaces of every cluster and nothing else. */
export async function startKubeApiserver(): Promise<KubeApiserver> {
  const program = findProgram("kube-apiserver", "kube-apiserver");
  const scratch = await makeScratch("kube-apiserver");
  const { folder } = scratch;
  const children: Child[] = [];
  return await orTakeDown(children, scratch, async () => {
    const etcd = await startEtcd(folder, children);
    const [port, token] = [await freePort(), randomBytes(16).toString("hex")];
    const [key, publicKey, tokens] = ["sa.key", "sa.pub", "tokens.csv"].map((it) =>
      join(folder, it),
    );
    const run = (args: string[]) => runToEnd({ program: "openssl", args });
    await run(["genrsa", "-out", `${key}`, "2048"]);
    await run(["rsa", "-in", `${key}`, "-pubout", "-out", `${publicKey}`]);
    await writeFile(`${tokens}`, `${token},admin,admin,"system:masters"\n`, { mode: 0o600 });
    const child = await startChild({
      program,
      args: [
        ...[`--etcd-servers=${etcd}`, "--bind-address=127.0.0.1", `--secure-port=${port}`],
        ...[`--cert-dir=${folder}`, "--service-cluster-ip-range=10.0.0.0/24"],
        ...[`--token-auth-file=${tokens}`, "--authorization-mode=RBAC"],
        ...["--service-account-issuer=https://kubernetes.default.svc"],
        ...[`--service-account-key-file=${publicKey}`, `--service-account-signing-key-file=${key}`],
        // Who would make the accounts of namespaces is not there, nor who would tell of endpoints.
        ...["--disable-admission-plugins=ServiceAccount", "--endpoint-reconciler-type=none"],
      ],
    });
    children.push(child);
    const kubeconfig = join(folder, "kubeconfig");
    await writeFile(kubeconfig, kubeconfigText({ port, token, folder }), { mode: 0o600 });
    const kubectl = async (args: readonly string[]) =>
      await promisify(execFile)("/usr/local/bin/kubectl", [...args], {
        env: { KUBECONFIG: kubeconfig, HOME: folder },
        maxBuffer: 16 * 1024 * 1024,
      });
    const probe = async () => (await kubectl(["get", "--raw", "/readyz"])).stdout === "ok";
    await untilReady("kube-apiserver", children, { probe });
    return {
      kubeconfig,
      pids: children.map(({ pid }) => pid),
      kubectl,
      [Symbol.asyncDispose]: () => takeDown(children, scratch),
    };
  });
}

/** Starts etcd and gives its URL. It does not wait for its disk: what it holds is for one test. */
async function startEtcd(folder: string, children: Child[]): Promise<string> {
  const [client, peer] = [await freePort(), await freePort()].map(
    (port) => `http://127.0.0.1:${port}`,
  );
  const args = [
    ...[`--data-dir=${join(folder, "etcd")}`, "--unsafe-no-fsync", "--log-level=warn"],
    ...[`--listen-client-urls=${client}`, `--advertise-client-urls=${client}`],
    ...[`--listen-peer-urls=${peer}`, `--initial-advertise-peer-urls=${peer}`],
    `--initial-cluster=default=${peer}`,
  ];
  children.push(await startChild({ program: findProgram("etcd", "kube-apiserver"), args }));
  return `${client}`;
}

function kubeconfigText({ port, token, folder }: { port: number; token: string; folder: string }) {
  const cluster = {
    server: `https://127.0.0.1:${port}`,
    "certificate-authority": join(folder, "apiserver.crt"),
  };
  return JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: "e2e", cluster }],
    users: [{ name: "admin", user: { token } }],
    contexts: [{ name: "e2e", context: { cluster: "e2e", user: "admin" } }],
    "current-context": "e2e",
  });
}
