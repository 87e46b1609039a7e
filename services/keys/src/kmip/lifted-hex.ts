/** Strings of hex digits taken out of JSON before it becomes text: what cannot be wiped must not hold key material. */

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const MARK = 0x7e;
/** Shorter ones are no keys. Even, and long enough for a mark and a number. */
const MIN_DIGITS = 16;

/** What was taken out. In its place stands a mark of the same length. */
export interface LiftedHex {
  /** The bytes that a JSON string stands for, a buffer of their own; undefined if it is not hex of whole bytes. */
  bytes(value: string): Buffer | undefined;
  /** The string as it was. */
  text(value: string): string;
  wipe(): void;
}

/** Takes every string of at least 16 hex digits and of nothing else out of `json`. */
export function liftHex(json: Buffer): LiftedHex {
  const lifted: Buffer[] = [];
  for (let at = json.indexOf(QUOTE); at !== -1; at = json.indexOf(QUOTE, at)) {
    const start = at + 1;
    const end = stringEnd(json, start);
    if (isLongHex(json, start, end)) {
      lifted.push(Buffer.from(json.subarray(start, end)));
      json.fill(MARK, start, end).write(String(lifted.length - 1), start, "latin1");
    }
    at = end + 1;
  }
  const find = (value: string) => {
    const number = /^(\d{1,15})~+$/.exec(value)?.[1];
    return number === undefined ? undefined : lifted[Number(number)];
  };
  return {
    bytes: (value) => bytesOfHex(find(value) ?? Buffer.from(value)),
    text: (value) => find(value)?.toString("latin1") ?? value,
    wipe() {
      for (const digits of lifted) digits.fill(0);
    },
  };
}

function stringEnd(json: Buffer, start: number): number {
  let at = start;
  while (at < json.byteLength && json[at] !== QUOTE) at += json[at] === BACKSLASH ? 2 : 1;
  return at;
}

function isLongHex(json: Buffer, start: number, end: number): boolean {
  if (end - start < MIN_DIGITS || end > json.byteLength) return false;
  for (let at = start; at < end; at += 1) {
    if (digitValue(json[at]) === undefined) return false;
  }
  return true;
}

function bytesOfHex(digits: Buffer): Buffer | undefined {
  if (digits.byteLength % 2 !== 0) return undefined;
  const bytes = Buffer.alloc(digits.byteLength / 2);
  for (let at = 0; at < bytes.byteLength; at += 1) {
    const high = digitValue(digits[at * 2]);
    const low = digitValue(digits[at * 2 + 1]);
    if (high === undefined || low === undefined) {
      bytes.fill(0);
      return undefined;
    }
    bytes[at] = high * 16 + low;
  }
  return bytes;
}

function digitValue(character = 0): number | undefined {
  if (character >= 0x30 && character <= 0x39) return character - 0x30;
  const letter = character | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : undefined;
}
