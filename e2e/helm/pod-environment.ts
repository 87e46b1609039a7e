/** What a process in a rendered pod would see, laid out in a folder: its variables, with made-up secrets, and the files of its volumes. */
import { createHash } from "node:crypto";
import { cp, mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { TestPki } from "../servers/test-pki.ts";
import type { KubeObject, Pod, Variable, Volume } from "./kubernetes-objects.ts";

const ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount";

/** Where the pod is laid out, and what is made up for it. */
export interface Surroundings {
  /** Takes the files of the pod's volumes. */
  readonly folder: string;
  /** Certificates, for whichever are mounted. */
  readonly pki: TestPki;
  /** The release, for its ConfigMaps. */
  readonly objects: readonly KubeObject[];
}

/** The roles that a pod starts, and its variables; paths in them lead into the folder. */
export async function layOut(
  { spec, name }: Pod,
  surroundings: Surroundings,
): Promise<{ roles: readonly string[]; env: Readonly<Record<string, string>> }> {
  const [container] = spec.containers;
  if (container === undefined) throw new Error(`${name} has no container`);
  const folder = join(surroundings.folder, name);
  const mounts = container.volumeMounts ?? [];
  // The longest first, so that one inside another keeps its own place.
  const paths = mounts.map(({ mountPath }) => mountPath).toSorted((a, b) => b.length - a.length);
  const isPath = new RegExp(`(?<![\\w/.-])(?:${paths.join("|")})(?=/|$)`, "gm");
  const here = (text: string) => text.replaceAll(isPath, (path) => join(folder, path));
  for (const { name: volumeName, mountPath } of mounts) {
    const volume = spec.volumes?.find((it) => it.name === volumeName);
    const target = join(folder, mountPath);
    await mkdir(target, { recursive: true });
    // A claim of a StatefulSet is none of the pod's volumes.
    if (volume !== undefined) await fill(target, volume, { ...surroundings, here });
  }
  const env: Record<string, string> = {};
  for (const variable of container.env ?? []) {
    const value = here(textOf(variable)).replaceAll(
      /\$\((\w+)\)/g,
      (_, known: string) => env[known] ?? "",
    );
    env[variable.name] = value;
  }
  // A default that leads out of the folder, as no variable says it.
  if (paths.includes(ACCOUNT)) env.OPENBAO_K8S_JWT_PATH = join(folder, ACCOUNT, "token");
  const [command, ...roles] = container.args ?? [];
  if (command !== "serve") throw new Error(`${name} does not serve`);
  return { roles, env };
}

/** 32 bytes as base64 for every secret: a key where one is wanted, and a fine password. A topology label is empty, as before Kubernetes 1.35. */
function textOf({ name, value, valueFrom }: Variable): string {
  if (value !== undefined) return value;
  const { secretKeyRef, configMapKeyRef, fieldRef } = valueFrom ?? {};
  if (secretKeyRef) return madeUp(`${secretKeyRef.name}/${secretKeyRef.key}`);
  if (configMapKeyRef) return "https://s3.example.com";
  if (fieldRef?.fieldPath === "status.podIP") return "10.0.0.7";
  if (fieldRef?.fieldPath.startsWith("metadata.labels[")) return "";
  throw new Error(`${name} comes from somewhere unknown`);
}

function madeUp(name: string): string {
  return createHash("sha256").update(name).digest("base64");
}

interface Filling extends Surroundings {
  /** Leads the paths in a text into the folder. */
  readonly here: (text: string) => string;
}

async function fill(target: string, volume: Volume, filling: Filling): Promise<void> {
  if (volume.secret) {
    const items =
      volume.secret.items ?? ["tls.crt", "tls.key", "ca.crt"].map((key) => ({ key, path: key }));
    for (const { key, path } of items) await writeSecret(join(target, path), key, filling.pki);
  }
  const name = volume.configMap?.name;
  const data = filling.objects.find(
    (it) => it.kind === "ConfigMap" && it.metadata.name === name,
  )?.data;
  for (const { key, path } of volume.configMap?.items ?? []) {
    const text = data?.[key];
    if (text === undefined) throw new Error(`the ConfigMap ${name} has no ${key}`);
    await writeFile(join(target, path), filling.here(text));
  }
  if (volume.projected) await writeFile(join(target, "token"), madeUp("token"));
}

async function writeSecret(file: string, key: string, { ca, server }: TestPki): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  const known = new Map([
    ["ca.crt", ca],
    ["tls.crt", server.cert],
    ["tls.key", server.key],
  ]);
  const from = known.get(key);
  if (from === undefined) await writeFile(file, madeUp(key), { mode: 0o600 });
  else await cp(from, file);
}
