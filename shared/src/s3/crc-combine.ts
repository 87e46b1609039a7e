/**
 * The CRC of a whole from the CRCs of its parts, without their bytes (S3 API, ChecksumType FULL_OBJECT of multipart uploads).
 * A CRC of A ‖ B is that of A times x^(8·|B|), modulo the polynomial, plus that of B; the all-ones start and end of the three
 * CRCs of S3 cancel out.
 */

/** Reflected polynomials and widths in bits. */
const CRCS = {
  crc32: { bits: 32n, polynomial: 0xedb88320n },
  crc32c: { bits: 32n, polynomial: 0x82f63b78n },
  crc64nvme: { bits: 64n, polynomial: 0x9a6c9329ac4bc9b5n },
} as const;
/** The checksums that can be combined. */
export type CombinableCrc = keyof typeof CRCS;

/** True for an algorithm whose parts combine to a whole. */
export function isCombinable(algorithm: string): algorithm is CombinableCrc {
  return Object.hasOwn(CRCS, algorithm);
}

/** The CRC of parts in order, each with its CRC (big-endian, as S3 sends it) and its length in bytes. */
export function combineCrcs(
  algorithm: CombinableCrc,
  parts: readonly { readonly crc: Uint8Array; readonly size: number }[],
): Buffer {
  const { bits } = CRCS[algorithm];
  let whole = 0n;
  for (const { crc, size } of parts) {
    whole = multiply(algorithm, powerOfX(algorithm, BigInt(size) * 8n), whole) ^ fromBytes(crc);
  }
  return Buffer.from(whole.toString(16).padStart(Number(bits / 4n), "0"), "hex");
}

function fromBytes(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes).toString("hex") || "0"}`);
}

/** a · b modulo the polynomial; the highest bit is the coefficient of x^0. */
function multiply(algorithm: CombinableCrc, a: bigint, b: bigint): bigint {
  const { bits, polynomial } = CRCS[algorithm];
  let product = 0n;
  let shifted = b;
  for (let bit = bits - 1n; bit >= 0n; bit -= 1n) {
    if (((a >> bit) & 1n) === 1n) product ^= shifted;
    shifted = (shifted & 1n) === 1n ? (shifted >> 1n) ^ polynomial : shifted >> 1n;
  }
  return product;
}

/** x^n modulo the polynomial, by squaring. */
function powerOfX(algorithm: CombinableCrc, n: bigint): bigint {
  const { bits } = CRCS[algorithm];
  let power = 1n << (bits - 1n);
  let square = 1n << (bits - 2n);
  for (let rest = n; rest > 0n; rest >>= 1n) {
    if ((rest & 1n) === 1n) power = multiply(algorithm, power, square);
    square = multiply(algorithm, square, square);
  }
  return power;
}
