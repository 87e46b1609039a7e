/** Which address a client has, and whether it came by TLS, where proxies stand between (settings `server.trusted_proxies`). */
import type { IncomingMessage } from "node:http";
import { BlockList, isIP, isIPv6 } from "node:net";

/** Tells the address of a request's client: IPv4 or IPv6 without port and zone; empty where the connection is gone. */
export type ClientAddress = (
  request: Pick<IncomingMessage, "headers"> & {
    readonly socket: Pick<IncomingMessage["socket"], "remoteAddress">;
  },
) => string;

/**
 * Believes `X-Forwarded-For` from right to left for as long as whoever added the entry is trusted: the first address that is not is
 * the client's. What a client writes into the field itself stands further left and is never reached. `trusted`: addresses or CIDR.
 */
export function clientAddressOf(trusted: readonly string[]): ClientAddress {
  const isTrusted = trustOf(trusted);
  return ({ headers, socket }) => {
    let address = plainAddress(socket.remoteAddress ?? "") ?? "";
    const forwarded = [headers["x-forwarded-for"] ?? []].flat().join(",").split(",");
    while (isTrusted(address)) {
      const before = plainAddress(forwarded.pop() ?? "");
      if (before === undefined) break;
      address = before;
    }
    return address;
  };
}

/** Tells whether a request came by TLS: to this port, or to the trusted proxy that brings it (`X-Forwarded-Proto`). */
export type SecureRequest = (
  request: Pick<IncomingMessage, "headers"> & {
    readonly socket: Pick<IncomingMessage["socket"], "remoteAddress"> & {
      readonly encrypted?: boolean;
    };
  },
) => boolean;

/** Believes `X-Forwarded-Proto` of trusted proxies alone, and of several entries the one that the nearest of them added. `trusted` as of `clientAddressOf`. */
export function secureRequestOf(trusted: readonly string[]): SecureRequest {
  const isTrusted = trustOf(trusted);
  return ({ headers, socket }) => {
    if (socket.encrypted) return true;
    if (!isTrusted(plainAddress(socket.remoteAddress ?? "") ?? "")) return false;
    const said = [headers["x-forwarded-proto"] ?? []].flat().join(",").split(",");
    return said.at(-1)?.trim().toLowerCase() === "https";
  };
}

/**
 * Tells whether a request is known to have come by plain HTTP: a trusted proxy says so, or nobody that is trusted has brought it. Where
 * nobody is trusted, nothing is known: whatever ends TLS in front looks like a client.
 */
export function plainRequestOf(trusted: readonly string[]): SecureRequest {
  if (trusted.length === 0) return () => false;
  const isTrusted = trustOf(trusted);
  const isSecure = secureRequestOf(trusted);
  return (request) => {
    if (isSecure(request)) return false;
    const isSaid = request.headers["x-forwarded-proto"] !== undefined;
    return isSaid || !isTrusted(plainAddress(request.socket.remoteAddress ?? "") ?? "");
  };
}

function trustOf(trusted: readonly string[]): (address: string) => boolean {
  const list = new BlockList();
  for (const range of trusted) {
    const [address = "", bits] = range.split("/");
    const family = isIPv6(address) ? "ipv6" : "ipv4";
    if (bits === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(bits), family);
  }
  return (address) => address !== "" && list.check(address, isIPv6(address) ? "ipv6" : "ipv4");
}

/** An entry without port, brackets and zone, IPv4 as such where it is mapped into IPv6; undefined for what is no address (RFC 7239 §6). */
function plainAddress(entry: string): string | undefined {
  const text = entry.trim();
  const [, bracketed, dotted] = /^\[([^\]]+)\](?::\d+)?$|^([\d.]+):\d+$/.exec(text) ?? [];
  const [address = ""] = (bracketed ?? dotted ?? text).split("%", 1);
  const unmapped = /^::ffff:([\d.]+)$/i.exec(address)?.[1] ?? address;
  return isIP(unmapped) === 0 ? undefined : unmapped;
}
