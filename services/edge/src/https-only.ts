/** Setting `server.force_https`: what is known to have come by plain HTTP is refused. */
import { plainRequestOf, type SecureRequest } from "./client-address.ts";
import type { PortSettings } from "./port-settings.ts";
import { s3Error } from "./s3/errors.ts";

/** Throws `AccessDenied` for such a request, where that is set. */
export function httpsOnly({
  forcesHttps = false,
  trustedProxies = [],
}: Pick<PortSettings, "forcesHttps" | "trustedProxies">): (
  request: Parameters<SecureRequest>[0],
) => void {
  const isPlain = plainRequestOf(trustedProxies);
  return (request) => {
    if (!forcesHttps || !isPlain(request)) return;
    throw s3Error("AccessDenied", { message: "Requests must use HTTPS." });
  };
}
