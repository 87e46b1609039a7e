/** `s3eg health`: asks the gateway of this machine how it is, for containers that have nothing else to ask with. */
import { get as httpGet } from "node:http";
import { get as httpsGet } from "node:https";
import { text as textOf } from "node:stream/consumers";
import type { ListenAddress } from "@s3eg/shared/runtime/config.ts";
import { type Env, type GatewayConfig, readGatewayConfig } from "../gateway-config.ts";
import { EXIT, ToolFailure } from "../tool-arguments.ts";

const USAGE = "usage: s3eg health [role …] [--live]";
const PATIENCE_MS = 5000;

/** `ok`, or a failure (exit code 1) with what the probe said. With `--live` a gateway that can't serve just now is well, too. */
export async function health(args: readonly string[], env: Env): Promise<string> {
  const roleNames = args.filter((word) => word !== "--live");
  if (roleNames.some((word) => word.startsWith("-"))) throw new ToolFailure(EXIT.usage, USAGE);
  const { config, roles } = readGatewayConfig(roleNames, env);
  const port = probePort(config, roles.has("edge"));
  const path = roleNames.length === args.length ? "/readyz" : "/livez";
  const { status, text } = await ask(`${originOf(port)}${path}`).catch((cause: unknown) => {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ToolFailure(EXIT.failed, `nobody answers: ${reason}`, { cause });
  });
  if (status === 200) return "ok\n";
  throw new ToolFailure(EXIT.failed, `${status} ${text}`);
}

interface ProbePort {
  readonly address: ListenAddress;
  readonly isHttps: boolean;
}

/** The port that answers probes: of metrics where there is one, else of S3 or of admin. */
function probePort({ metrics, listen_addr, tls, admin }: GatewayConfig, hasEdge: boolean) {
  if (metrics.addr) return { address: metrics.addr, isHttps: false };
  if (hasEdge) return { address: listen_addr ?? { port: 8080 }, isHttps: tls.enabled };
  if (admin.enabled) return { address: admin.address, isHttps: admin.tls.enabled };
  throw new ToolFailure(EXIT.config, "these roles have no port that answers: set METRICS_ADDR");
}

/** Who listens everywhere is asked on loopback. */
function originOf({ address: { host = "", port }, isHttps }: ProbePort): string {
  const isAnywhere = ["", "0.0.0.0", "::"].includes(host);
  const name = isAnywhere ? "127.0.0.1" : host;
  return `${isHttps ? "https" : "http"}://${name.includes(":") ? `[${name}]` : name}:${port}`;
}

/** The certificate is not checked: it names the gateway as clients reach it, and nothing secret is sent. */
function ask(url: string): Promise<{ status: number; text: string }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number; text: string }>();
  const options = { rejectUnauthorized: false, timeout: PATIENCE_MS };
  const request = url.startsWith("https:") ? httpsGet(url, options) : httpGet(url, options);
  request.on("timeout", () => request.destroy(new Error("no answer in time")));
  request.on("error", reject);
  request.on("response", (response) => {
    textOf(response).then((text) => resolve({ status: response.statusCode ?? 0, text }), reject);
  });
  return promise;
}
