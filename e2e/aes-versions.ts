/** Keys of gateways whose keys are rotated. */
import { randomBytes } from "node:crypto";

/** Settings with AES keys made up for them, versions 1 to `count`, of which the first writes. */
export function aesVersions(count: number): Record<string, string> {
  const keys = Array.from({ length: count }, (_, n) => {
    return `${n + 1}=base64:${randomBytes(32).toString("base64")}`;
  });
  return { SELF_CONTAINED_AES_KEYS: keys.join(","), SELF_CONTAINED_AES_ACTIVE_VERSION: "1" };
}
