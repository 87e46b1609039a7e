/** A KMIP server as if it knew some versions only: what DiscoverVersions answers, seen through a relay (KMIP 1.4 §4.26, §9.1). */
import type { Treatment } from "./relay.ts";

/** `2.0` */
export type KmipVersionName = `${number}.${number}`;

const PROTOCOL_VERSION = Buffer.from("42006901", "hex");
const DISCOVER_VERSIONS = Buffer.from("42005c05000000040000001e", "hex");
/** Of a structure of two integers, header and all. */
const VERSION_BYTES = 8 + 16 + 16;
/** Where major and minor number lie in it. */
const [MAJOR_AT, MINOR_AT] = [16, 32];
/** No version that anybody knows. */
const UNKNOWN = 99;

/** Hides every version but these in answers to DiscoverVersions; `seen` is told the version of every other answer. */
export function onlyVersions(
  names: readonly KmipVersionName[],
  seen: (name: KmipVersionName) => void = () => undefined,
): Treatment {
  return async (answer) => {
    await Promise.resolve();
    const bytes = Buffer.from(answer);
    const [header = 0, ...listed] = places(bytes);
    if (!bytes.includes(DISCOVER_VERSIONS)) {
      seen(nameAt(bytes, header));
      return { bytes };
    }
    for (const at of listed) {
      if (!names.includes(nameAt(bytes, at))) bytes.writeInt32BE(UNKNOWN, at + MAJOR_AT);
    }
    return { bytes };
  };
}

/** Where versions lie; the first is that of the message. */
function places(bytes: Buffer): number[] {
  const found = [];
  let at = bytes.indexOf(PROTOCOL_VERSION);
  while (at >= 0) {
    found.push(at);
    at = bytes.indexOf(PROTOCOL_VERSION, at + VERSION_BYTES);
  }
  return found;
}

function nameAt(bytes: Buffer, at: number): KmipVersionName {
  return `${bytes.readInt32BE(at + MAJOR_AT)}.${bytes.readInt32BE(at + MINOR_AT)}`;
}
