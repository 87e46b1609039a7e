/** The real `s3eg check-config` in place of every pod of a release. */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { startChild } from "../servers/child.ts";
import { makeTestPki } from "../servers/test-pki.ts";
import { render } from "./chart.ts";
import { gatewayPodsOf } from "./kubernetes-objects.ts";
import { layOut } from "./pod-environment.ts";

const MAIN = join(import.meta.dirname, "../../services/cli/src/main.ts");

/** What was said of a pod. */
export interface Said {
  /** With commas between them. */
  readonly roles: string;
  readonly code: number | string;
  readonly text: string;
}

/** Asks for every pod of the gateway in an entry of the matrix, one after the other. `parent` takes what they would have mounted. */
export async function checkConfig(name: string, parent: string): Promise<readonly Said[]> {
  const folder = join(parent, name);
  await mkdir(folder);
  const pki = await makeTestPki(folder);
  const { objects } = await render(name);
  const pods = gatewayPodsOf(objects);
  const said: Said[] = [];
  for (const pod of pods) {
    const { roles, env } = await layOut(pod, { folder, pki, objects });
    const args = [MAIN, "check-config", ...roles];
    const child = await startChild({ program: process.execPath, args, env, cwd: folder });
    said.push({ roles: roles.join(), code: await child.exited, text: child.logTail() });
  }
  return said;
}
