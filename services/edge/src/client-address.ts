/** Which address a client has, where proxies stand between (settings `server.trusted_proxies`). */
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
  const proxies = listOf(trusted);
  return ({ headers, socket }) => {
    let address = plainAddress(socket.remoteAddress ?? "") ?? "";
    const forwarded = [headers["x-forwarded-for"] ?? []].flat().join(",").split(",");
    while (isTrusted(proxies, address)) {
      const before = plainAddress(forwarded.pop() ?? "");
      if (before === undefined) break;
      address = before;
    }
    return address;
  };
}

function listOf(trusted: readonly string[]): BlockList {
  const list = new BlockList();
  for (const range of trusted) {
    const [address = "", bits] = range.split("/");
    const family = isIPv6(address) ? "ipv6" : "ipv4";
    if (bits === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(bits), family);
  }
  return list;
}

function isTrusted(proxies: BlockList, address: string): boolean {
  return address !== "" && proxies.check(address, isIPv6(address) ? "ipv6" : "ipv4");
}

/** An entry without port, brackets and zone, IPv4 as such where it is mapped into IPv6; undefined for what is no address (RFC 7239 §6). */
function plainAddress(entry: string): string | undefined {
  const text = entry.trim();
  const [, bracketed, dotted] = /^\[([^\]]+)\](?::\d+)?$|^([\d.]+):\d+$/.exec(text) ?? [];
  const [address = ""] = (bracketed ?? dotted ?? text).split("%", 1);
  const unmapped = /^::ffff:([\d.]+)$/i.exec(address)?.[1] ?? address;
  return isIP(unmapped) === 0 ? undefined : unmapped;
}
