/** Keys on a token: found by label or id, and looked at before they are used. */
import { Fault } from "@s3eg/shared/faults.ts";
import type { Pkcs11Mechanism } from "../../config/pkcs11.ts";
import { CKA, CKK, CKO, type Cryptoki, type Handle, ulongOf } from "./cryptoki.ts";
import { returnValueOf } from "./cryptoki-faults.ts";

/** Which key is meant: by its label, or by its id in hex. */
export interface NamedKey {
  readonly mechanism: Pkcs11Mechanism;
  readonly label?: string | undefined;
  readonly id?: string | undefined;
}

/** What a token says of a key. */
export interface KeyFacts {
  /** True if it never leaves the token in the clear. */
  readonly isKept: boolean;
  /** Of an RSA key: modulus and exponent, base64url without leading zeros. */
  readonly publicKey?: { readonly n: string; readonly e: string } | undefined;
}

/** A key as it was found; the handle holds as long as the session does. */
export interface FoundKey {
  readonly object: Handle;
  readonly facts: KeyFacts;
}

/** The token has no such key. It may be that it was taken out. */
export class AbsentKey extends Fault {
  constructor(key: NamedKey) {
    super("keys.denied", `the token has no ${kindOf(key)} ${namedText(key)}`);
  }
}

/** The one secret or private key of that name, `AbsentKey` where there is none; `keys.denied` where it is not the one of its kind. */
export function findKey(cryptoki: Cryptoki, session: Handle, key: NamedKey): FoundKey {
  const isRsa = key.mechanism === "RSA-OAEP-SHA256";
  const objectClass = isRsa ? CKO.privateKey : CKO.secretKey;
  const [object, ...others] = objectsOf(cryptoki, session, { key, objectClass });
  if (!object) throw new AbsentKey(key);
  if (others.length > 0) {
    throw new Fault("keys.denied", `the token has several keys ${namedText(key)}`);
  }
  const tell: Tell = (attribute, of = object) =>
    attributeOf(cryptoki, { session, object: of }, attribute);
  const isKept = tell(CKA.sensitive)?.at(0) === 1 && tell(CKA.extractable)?.at(0) === 0;
  const keyType = numberOf(tell(CKA.keyType));
  if (!isRsa) {
    const isAes256 = keyType === CKK.aes && numberOf(tell(CKA.valueLength)) === 32;
    if (isAes256) return { object, facts: { isKept } };
    throw new Fault("keys.denied", `${namedText(key)} is no AES key of 256 bits`);
  }
  if (keyType !== CKK.rsa) throw new Fault("keys.denied", `${namedText(key)} is no RSA key`);
  const publicHalf = () => objectsOf(cryptoki, session, { key, objectClass: CKO.publicKey }).at(0);
  const publicKey = publicNumbers(tell) ?? publicNumbers(tell, publicHalf());
  if (publicKey) return { object, facts: { isKept, publicKey } };
  throw new Fault("keys.denied", `the token does not give the public half of ${namedText(key)}`);
}

/** An attribute of the key, or of another object. */
type Tell = (attribute: number, of?: Handle) => Buffer | undefined;

function publicNumbers(tell: Tell, of?: Handle): KeyFacts["publicKey"] {
  const [n, e] = [numeral(tell(CKA.modulus, of)), numeral(tell(CKA.publicExponent, of))];
  return n === "" || e === "" ? undefined : { n, e };
}

function objectsOf(
  cryptoki: Cryptoki,
  session: Handle,
  { key, objectClass }: { key: NamedKey; objectClass: number },
): Handle[] {
  const name =
    key.label === undefined
      ? { type: CKA.id, value: Buffer.from(key.id ?? "", "hex") }
      : { type: CKA.label, value: key.label };
  cryptoki.C_FindObjectsInit(session, [{ type: CKA.class, value: objectClass }, name]);
  try {
    return cryptoki.C_FindObjects(session, 2);
  } finally {
    cryptoki.C_FindObjectsFinal(session);
  }
}

/** Undefined for what the object does not have or does not tell. */
function attributeOf(
  cryptoki: Cryptoki,
  { session, object }: { session: Handle; object: Handle },
  type: number,
): Buffer | undefined {
  try {
    const [attribute] = cryptoki.C_GetAttributeValue(session, object, [{ type }]);
    return Buffer.isBuffer(attribute?.value) ? attribute.value : undefined;
  } catch (error) {
    const name = returnValueOf(error);
    if (name === "CKR_ATTRIBUTE_TYPE_INVALID" || name === "CKR_ATTRIBUTE_SENSITIVE") {
      return undefined;
    }
    throw error;
  }
}

function numberOf(value: Buffer | undefined): number | undefined {
  return value?.byteLength ? ulongOf(value) : undefined;
}

/** A big-endian number as JWK has it. */
function numeral(bytes: Buffer = Buffer.alloc(0)): string {
  const first = bytes.findIndex((byte) => byte !== 0);
  return first === -1 ? "" : bytes.subarray(first).toString("base64url");
}

function kindOf({ mechanism }: NamedKey): string {
  return mechanism === "AES-GCM" ? "secret key" : "private key";
}

function namedText({ label, id }: NamedKey): string {
  return label === undefined ? `with the id ${id}` : `"${label}"`;
}
