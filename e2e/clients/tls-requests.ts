/** Requests by hand over TLS: what was answered, and which certificate was shown. */
import { type Agent, request as httpsRequest } from "node:https";
import type { TLSSocket } from "node:tls";
import { type RawRequest, type Signer, signRaw } from "../features/raw-request.ts";

/** What is needed of the answer. */
export interface TlsAnswer {
  readonly status: number;
  readonly etag: string;
  readonly body: string;
  /** SHA-256 of the server's certificate. */
  readonly fingerprint: string;
}

/** How it is sent. */
export interface TlsWay {
  readonly ca: string;
  /** Keeps connections; absent: one of its own. */
  readonly agent?: Agent;
  /** What the client shows of itself. */
  readonly certificate?: { readonly cert: string; readonly key: string };
  readonly isSigned?: boolean;
}

/** Sends a request whose body is text. Rejects where the connection fails. */
export async function sendTls(
  signer: Signer,
  raw: RawRequest & { readonly body?: string },
  way: TlsWay,
): Promise<TlsAnswer> {
  const { hostname, port } = new URL(signer.endpoint);
  const length = { "content-length": `${Buffer.byteLength(raw.body ?? "")}` };
  const headers =
    way.isSigned === false ? { ...raw.headers, ...length } : signRaw(signer, raw).headers;
  const { promise, resolve, reject } = Promise.withResolvers<TlsAnswer>();
  const sent = httpsRequest({
    ...{ hostname, port, method: raw.method, path: raw.path, headers },
    ...{ ca: way.ca, agent: way.agent ?? false, ...way.certificate },
  });
  sent.on("error", reject);
  sent.on("response", (response) => {
    const { fingerprint256 } = (response.socket as TLSSocket).getPeerCertificate();
    let body = "";
    response.setEncoding("utf8").on("data", (text: string) => {
      body += text;
    });
    response.on("error", reject).on("end", () => {
      const { statusCode: status = 0, headers: answered } = response;
      resolve({ status, etag: answered.etag ?? "", body, fingerprint: fingerprint256 });
    });
  });
  sent.end(raw.body);
  return await promise;
}
