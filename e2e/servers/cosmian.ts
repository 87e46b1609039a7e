/** Cosmian KMS: a KMIP server of versions 1.0 to 2.1, as JSON over HTTPS and binary, both with client certificates. */
import { mkdir } from "node:fs/promises";
import { request } from "node:https";
import { join } from "node:path";
import { type Child, startChild, untilReady } from "./child.ts";
import { findProgram, freePort, makeScratch } from "./place.ts";
import { orTakeDown, takeDown } from "./s3-server.ts";
import type { TestPki } from "./test-pki.ts";

/** A running Cosmian KMS on loopback. */
export interface Cosmian extends AsyncDisposable {
  /** `https://127.0.0.1:PORT`, for JSON. */
  readonly url: string;
  /** `127.0.0.1:PORT`, for binary KMIP. */
  readonly endpoint: string;
  readonly port: number;
  readonly pids: readonly number[];
  /** One operation of KMIP as JSON, as its own tools send it, by whom `pki` certified. Throws unless the answer is a success. */
  call(operation: unknown): Promise<string>;
  /** Makes a key of that name, or the first of a set of them that the server renews. */
  makeKey(name: string, more?: { readonly isSet?: boolean }): Promise<void>;
}

type Kind = "Boolean" | "Enumeration" | "TextString" | "ByteString" | "Integer" | "DateTime";

/** A value of an operation. */
export function kmipValue(tag: string, type: Kind, value: unknown) {
  return { tag, type, value };
}

/** A structure of an operation. */
export function kmipStructure(tag: string, ...value: readonly unknown[]) {
  return { tag, type: "Structure", value };
}

/** Starts one that holds no key. Who shows the client certificate of `pki` is its user. */
export async function startCosmian(pki: TestPki): Promise<Cosmian> {
  const program = findProgram("cosmian_kms", "cosmian");
  const scratch = await makeScratch("cosmian");
  const children: Child[] = [];
  return await orTakeDown(children, scratch, async () => {
    const [httpPort, port] = [await freePort(), await freePort()];
    const at = (name: string) => join(scratch.folder, name);
    await mkdir(at("data"));
    const child = await startChild({
      program,
      args: [
        ...["--database-type", "sqlite", "--sqlite-path", at("db"), "--root-data-path", at("data")],
        ...["--hostname", "127.0.0.1", "--port", String(httpPort)],
        ...["--socket-server-start", "--socket-server-hostname", "127.0.0.1"],
        ...["--socket-server-port", String(port), "--clients-ca-cert-file", pki.ca],
        ...["--tls-cert-file", pki.server.cert, "--tls-key-file", pki.server.key],
      ],
      env: { HOME: scratch.folder },
    });
    children.push(child);
    const url = `https://127.0.0.1:${httpPort}`;
    const tls = await pki.clientOptions();
    const call = (operation: unknown) => posted(`${url}/kmip/2_1`, operation, tls);
    const query = { tag: "DiscoverVersions", type: "Structure", value: [] };
    await untilReady("cosmian_kms", children, { probe: async () => Boolean(await call(query)) });
    return {
      url,
      endpoint: `127.0.0.1:${port}`,
      port,
      pids: [child.pid],
      call,
      makeKey: async (name, { isSet = false } = {}) => {
        await call(createdKey(name, isSet));
      },
      [Symbol.asyncDispose]: () => takeDown(children, scratch),
    };
  });
}

function createdKey(name: string, isSet: boolean) {
  return kmipStructure(
    "Create",
    kmipValue("ObjectType", "Enumeration", "SymmetricKey"),
    kmipStructure(
      "Attributes",
      kmipValue("ActivationDate", "DateTime", "2026-01-01T00:00:00Z"),
      kmipValue("CryptographicAlgorithm", "Enumeration", "AES"),
      kmipValue("CryptographicLength", "Integer", 256),
      kmipValue("CryptographicUsageMask", "Integer", 12),
      kmipValue("KeyFormatType", "Enumeration", "TransparentSymmetricKey"),
      kmipValue("ObjectType", "Enumeration", "SymmetricKey"),
      ...(isSet ? [kmipValue("RotateName", "TextString", name)] : []),
      kmipValue("UniqueIdentifier", "TextString", name),
    ),
  );
}

async function posted(
  url: string,
  operation: unknown,
  tls: { ca: string; cert: string; key: string },
): Promise<string> {
  const { status, text } = await new Promise<{ status: number; text: string }>(
    (resolve, reject) => {
      const headers = { "content-type": "application/json" };
      const call = request(url, { method: "POST", headers, agent: false, timeout: 5000, ...tls });
      call.on("response", (response) => {
        let said = "";
        response.setEncoding("utf8").on("data", (piece: string) => {
          said += piece;
        });
        response.on("end", () => resolve({ status: response.statusCode ?? 0, text: said }));
        response.on("error", reject);
      });
      call.on("error", reject);
      call.end(JSON.stringify(operation));
    },
  );
  if (status !== 200) throw new Error(`${status} ${text}`);
  return text;
}
