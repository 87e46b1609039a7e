/** A server that takes audit events over HTTP: a JSON array for each POST (settings `audit.sink.endpoint`, `headers`, `http`, `tls`). */
import { readFileSync } from "node:fs";
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import { Fault } from "@s3eg/shared/faults.ts";
import type { AuditSection } from "../config.ts";

/** Takes events. */
export interface EventReceiver extends Disposable {
  /** Resolves once the server has taken the lines (2xx). Rejects for any other status, none in time, or a connection that fails. */
  post(lines: readonly string[], signal: AbortSignal): Promise<void>;
}

/** The receiver that the settings name. `config.invalid` where a file of its TLS cannot be read. */
export function eventReceiver(sink: AuditSection["sink"]): EventReceiver {
  const endpoint = new URL(sink.endpoint ?? "");
  const isTls = endpoint.protocol === "https:";
  const connections = { keepAlive: true, timeout: sink.http.idle_conn_timeout };
  const agent = isTls
    ? new HttpsAgent({ ...connections, ...tlsOf(sink.tls) })
    : new HttpAgent(connections);
  const send = isTls ? httpsRequest : httpRequest;
  return {
    async post(lines, signal) {
      const body = `[${lines.join(",")}]`;
      const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
      const within = AbortSignal.any([signal, AbortSignal.timeout(sink.http.timeout)]);
      const headers = {
        ...sink.headers,
        "content-type": "application/json",
        "content-length": Buffer.byteLength(body),
      };
      const request = send(endpoint, { method: "POST", agent, signal: within, headers }, resolve);
      request.on("error", reject);
      request.end(body);
      const { statusCode = 0 } = await drained(await promise);
      // What a receiver says beside its status might repeat a header of ours, so it is not read.
      if (statusCode < 200 || statusCode > 299) throw new Error(`the receiver says ${statusCode}`);
    },
    [Symbol.dispose]: () => agent.destroy(),
  };
}

async function drained(response: IncomingMessage): Promise<IncomingMessage> {
  for await (const _ of response);
  return response;
}

function tlsOf(tls: AuditSection["sink"]["tls"]) {
  const pem = (name: "ca_file" | "cert_file" | "key_file") => {
    const path = tls[name];
    try {
      return path === undefined ? undefined : readFileSync(path);
    } catch (cause) {
      throw new Fault("config.invalid", `audit.sink.tls.${name}: cannot read ${path}`, { cause });
    }
  };
  const [ca, cert, key] = [pem("ca_file"), pem("cert_file"), pem("key_file")];
  return {
    ...(ca ? { ca } : {}),
    ...(cert ? { cert } : {}),
    ...(key ? { key } : {}),
    rejectUnauthorized: !tls.insecure_skip_verify,
    minVersion: tls.min_version === "1.3" ? ("TLSv1.3" as const) : ("TLSv1.2" as const),
  };
}
