/** OpenBao as a development server: unsealed, in memory, its root token known. Vault's API, and so its stand-in. */
import { readFile } from "node:fs/promises";
import { request } from "node:https";
import { join } from "node:path";
import { type Child, startChild, untilReady } from "./child.ts";
import { findProgram, freePort, makeScratch } from "./place.ts";
import { orTakeDown, takeDown } from "./s3-server.ts";

/** A running OpenBao on loopback. */
export interface Openbao extends AsyncDisposable {
  /** `http://127.0.0.1:PORT`, or https with TLS. */
  readonly address: string;
  readonly rootToken: string;
  readonly pids: readonly number[];
  /** The authority of its certificate, where it was started with TLS. */
  readonly caFile: string | undefined;
  /** Calls its API (`sys/mounts/transit`) as root. Throws unless the answer is a success. */
  call(method: string, path: string, options?: CallOptions): Promise<unknown>;
}

/** What a call carries. */
interface CallOptions {
  readonly body?: unknown;
  readonly namespace?: string;
}

/** Starts one; nothing is mounted but what a development server has. */
export async function startOpenbao({ hasTls = false } = {}): Promise<Openbao> {
  const program = findProgram("bao", "openbao");
  const scratch = await makeScratch("openbao");
  const children: Child[] = [];
  return await orTakeDown(children, scratch, async () => {
    const port = await freePort();
    const rootToken = "e2e-root-token";
    const tls = hasTls ? ["-dev-tls", `-dev-tls-cert-dir=${scratch.folder}`] : [];
    const child = await startChild({
      program,
      args: [
        ...["server", "-dev", "-dev-no-store-token", ...tls],
        ...[`-dev-root-token-id=${rootToken}`, `-dev-listen-address=127.0.0.1:${port}`],
      ],
      env: { HOME: scratch.folder },
    });
    children.push(child);
    const address = `${hasTls ? "https" : "http"}://127.0.0.1:${port}`;
    const caFile = hasTls ? join(scratch.folder, "vault-ca.pem") : undefined;
    const call = async (method: string, path: string, { body, namespace }: CallOptions = {}) => {
      const headers = {
        "x-vault-token": rootToken,
        ...(namespace === undefined ? {} : { "x-vault-namespace": namespace }),
      };
      const url = `${address}/v1/${path}`;
      return await callApi(url, { method, headers, body, caFile });
    };
    await untilReady("bao", children, {
      probe: async () => Boolean(await call("GET", "sys/health")),
    });
    return {
      address,
      rootToken,
      caFile,
      call,
      pids: [child.pid],
      [Symbol.asyncDispose]: () => takeDown(children, scratch),
    };
  });
}

async function callApi(
  url: string,
  asked: {
    method: string;
    headers: Record<string, string>;
    body: unknown;
    caFile: string | undefined;
  },
): Promise<unknown> {
  const { method, headers, caFile } = asked;
  const body = asked.body === undefined ? undefined : JSON.stringify(asked.body);
  const { status, text } =
    caFile === undefined
      ? await overHttp(url, { method, headers, body })
      : await overHttps(url, { method, headers, body, ca: await readFile(caFile) });
  if (status >= 300) throw new Error(`${method} ${url}: ${status} ${text}`);
  return text === "" ? {} : JSON.parse(text);
}

interface Call {
  readonly method: string;
  readonly headers: Record<string, string>;
  readonly body: string | undefined;
}

async function overHttp(url: string, { method, headers, body }: Call) {
  const init = { method, headers, signal: AbortSignal.timeout(5000) };
  const response = await fetch(url, body === undefined ? init : { ...init, body });
  return { status: response.status, text: await response.text() };
}

async function overHttps(url: string, { method, headers, body, ca }: Call & { ca: Buffer }) {
  return await new Promise<{ status: number; text: string }>((resolve, reject) => {
    const call = request(url, { method, headers, ca, timeout: 5000 }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (piece: string) => {
        text += piece;
      });
      response.on("end", () => resolve({ status: response.statusCode ?? 0, text }));
      response.on("error", reject);
    });
    call.on("error", reject);
    call.end(body);
  });
}
