/**
 * The KMS of moto, which stands in for AWS: keys in memory, AES-GCM with the encryption context as associated data. `moto-server.py` adds
 * what moto lacks: states of keys, and keys of several regions.
 */
import { join } from "node:path";
import { type Child, startChild, untilReady } from "./child.ts";
import { findProgram, freePort, makeScratch } from "./place.ts";
import { descendants } from "./proc.ts";
import { orTakeDown, takeDown } from "./s3-server.ts";

/** A running moto on loopback. Its one account takes any credentials. */
export interface Moto extends AsyncDisposable {
  /** `http://127.0.0.1:PORT`. */
  readonly endpoint: string;
  readonly pids: readonly number[];
  /** Makes a symmetric key and returns its id. */
  makeKey(more?: { readonly MultiRegion?: boolean }): Promise<string>;
  /** Calls KMS (`CreateAlias`) in a region. Throws unless the answer is a success. */
  call(action: string, input: unknown, region?: string): Promise<unknown>;
}

/** The region that keys are made in. */
export const MOTO_REGION = "eu-central-1";

/** Credentials that the AWS SDK finds in the environment; moto takes any. */
export const MOTO_CREDENTIALS = {
  AWS_ACCESS_KEY_ID: "E2EMOTOACCESSKEY0001",
  AWS_SECRET_ACCESS_KEY: "e2e-moto-secret-key",
};

const SERVER = join(import.meta.dirname, "moto-server.py");

/** Starts one that holds no key. */
export async function startMoto(): Promise<Moto> {
  findProgram("moto_server", "moto");
  const program = findProgram("python3", "moto");
  const scratch = await makeScratch("moto");
  const children: Child[] = [];
  return await orTakeDown(children, scratch, async () => {
    const port = await freePort();
    const child = await startChild({ program, args: [SERVER, "-H", "127.0.0.1", "-p", `${port}`] });
    children.push(child);
    const endpoint = `http://127.0.0.1:${port}`;
    const call: Moto["call"] = (action, input, region = MOTO_REGION) =>
      callKms({ endpoint, region }, action, input);
    await untilReady("moto_server", children, {
      probe: async () => Boolean(await call("ListKeys", {})),
    });
    return {
      endpoint,
      call,
      pids: [child.pid, ...(await descendants(child.pid))],
      async makeKey(more = {}) {
        const made = (await call("CreateKey", more)) as {
          KeyMetadata: { KeyId: string };
        };
        return made.KeyMetadata.KeyId;
      },
      [Symbol.asyncDispose]: () => takeDown(children, scratch),
    };
  });
}

async function callKms(
  { endpoint, region }: { endpoint: string; region: string },
  action: string,
  input: unknown,
): Promise<unknown> {
  const { AWS_ACCESS_KEY_ID: id } = MOTO_CREDENTIALS;
  const scope = `${id}/20260101/${region}/kms/aws4_request`;
  const response = await fetch(endpoint, {
    method: "POST",
    headers: {
      "content-type": "application/x-amz-json-1.1",
      "x-amz-target": `TrentService.${action}`,
      // moto reads the region from it, and verifies nothing.
      authorization: `AWS4-HMAC-SHA256 Credential=${scope}, SignedHeaders=host, Signature=00`,
    },
    body: JSON.stringify(input),
    signal: AbortSignal.timeout(5000),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${action}: ${response.status} ${text}`);
  return text === "" ? {} : JSON.parse(text);
}
