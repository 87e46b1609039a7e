/** A PKCS#11 token in memory: real ciphers behind sessions, handles and return values like those of SoftHSM. For tests. */
import {
  constants,
  createCipheriv,
  createDecipheriv,
  generateKeyPairSync,
  type KeyObject,
  privateDecrypt,
  randomBytes,
} from "node:crypto";
import {
  type Attribute,
  CKA,
  CKK,
  CKM,
  CKO,
  type Cryptoki,
  type Handle,
  type Mechanism,
} from "../../../src/custody/pkcs11/cryptoki.ts";

/** An object of the token. */
interface StoredKey {
  readonly attributes: ReadonlyMap<number, number | string | Buffer>;
  readonly secret?: Buffer;
  readonly privateKey?: KeyObject;
  /** False for one that no cipher may use. */
  readonly mayCipher: boolean;
}

const TAG_BYTES = 16;

/** Throws as pkcs11js does. Its switches say how it fails. */
export class MemoryToken implements Cryptoki {
  label = "memory";
  pin = "1234";
  /** False while it is taken out. */
  isThere = true;
  /** True for one that knows OAEP with SHA-1 alone. */
  isOld = false;
  /** What it says of a wrong tag; SoftHSM has no better word. */
  wordForForgery = "CKR_GENERAL_ERROR";
  /** Return values of the next calls of a function, before it does anything. */
  readonly failures = new Map<string, string[]>();
  /** How often each function was called. */
  readonly calls = new Map<string, number>();
  readonly #keys: StoredKey[] = [];
  #epoch = 0;
  #isInitialized = false;
  #isLoggedIn = false;
  #search: Handle[] | undefined;
  #operation: { mechanism: Mechanism; key: StoredKey } | undefined;

  /** Makes an AES key. */
  addSecret(label: string, more: { id?: Buffer; secret?: Buffer; isKept?: boolean } = {}): void {
    const { id = Buffer.alloc(0), secret = randomBytes(32), isKept = true } = more;
    const attributes = attributesOf({ objectClass: CKO.secretKey, label, id, isKept });
    attributes.set(CKA.keyType, CKK.aes).set(CKA.valueLength, secret.byteLength);
    this.#keys.push({ attributes, secret, mayCipher: true });
  }

  /** Makes a key that is there and may do nothing. */
  addDisabled(label: string): void {
    this.addSecret(label);
    const key = this.#keys.pop();
    if (key) this.#keys.push({ ...key, mayCipher: false });
  }

  /** Makes an RSA key pair, whose modulus the private half may not tell. */
  addPair(label: string, { bits = 2048, tells = true } = {}): void {
    const { privateKey } = generateKeyPairSync("rsa", { modulusLength: bits });
    const { n = "", e = "" } = privateKey.export({ format: "jwk" });
    const id = Buffer.alloc(0);
    const halves = [CKO.privateKey, CKO.publicKey].map((objectClass) => {
      const attributes = attributesOf({ objectClass, label, id, isKept: true });
      attributes.set(CKA.keyType, CKK.rsa);
      if (!tells && objectClass === CKO.privateKey) return attributes;
      // Some modules write numbers with zeros before them.
      attributes.set(CKA.modulus, Buffer.concat([Buffer.of(0), Buffer.from(n, "base64url")]));
      return attributes.set(CKA.publicExponent, Buffer.from(e, "base64url"));
    });
    for (const attributes of halves) this.#keys.push({ attributes, privateKey, mayCipher: true });
  }

  /** All sessions end, as when the token was reset. */
  reset(): void {
    this.#epoch += 1;
    this.#isLoggedIn = false;
    this.#operation = undefined;
  }

  C_Initialize(): void {
    this.#enter("C_Initialize");
    if (this.#isInitialized) refuse("CKR_CRYPTOKI_ALREADY_INITIALIZED");
    this.#isInitialized = true;
  }

  C_Finalize(): void {
    this.#enter("C_Finalize");
    if (!this.#isInitialized) refuse("CKR_CRYPTOKI_NOT_INITIALIZED");
    this.#isInitialized = false;
    this.reset();
  }

  C_GetSlotList(): Handle[] {
    this.#enter("C_GetSlotList");
    if (!this.#isInitialized) refuse("CKR_CRYPTOKI_NOT_INITIALIZED");
    return this.isThere ? [handle(7), handle(9)] : [handle(9)];
  }

  C_GetTokenInfo(slot: Handle): { label: string } {
    this.#enter("C_GetTokenInfo");
    // A reader with a card that nobody can read.
    if (slot.equals(handle(9))) refuse("CKR_TOKEN_NOT_RECOGNIZED");
    return { label: this.label.padEnd(32) };
  }

  C_OpenSession(): Handle {
    this.#enter("C_OpenSession");
    if (!this.isThere) refuse("CKR_TOKEN_NOT_PRESENT");
    return handle(this.#epoch);
  }

  C_Login(session: Handle, _user: number, pin: string): void {
    this.#enter("C_Login", session);
    if (pin !== this.pin) refuse("CKR_PIN_INCORRECT");
    if (this.#isLoggedIn) refuse("CKR_USER_ALREADY_LOGGED_IN");
    this.#isLoggedIn = true;
  }

  C_FindObjectsInit(session: Handle, template: Attribute[]): void {
    this.#enter("C_FindObjectsInit", session);
    const keys = this.isThere && this.#isLoggedIn ? [...this.#keys.entries()] : [];
    this.#search = keys
      .filter(([, { attributes }]) =>
        template.every(({ type, value }) => isSame(attributes.get(type), value)),
      )
      .map(([index]) => this.#handleOf(index));
  }

  C_FindObjects(session: Handle, most: number): Handle[] {
    this.#enter("C_FindObjects", session);
    return (this.#search ?? refuse("CKR_OPERATION_NOT_INITIALIZED")).slice(0, most);
  }

  C_FindObjectsFinal(session: Handle): void {
    this.#enter("C_FindObjectsFinal", session);
    this.#search = undefined;
  }

  C_GetAttributeValue(session: Handle, object: Handle, [asked]: Attribute[]): Attribute[] {
    this.#enter("C_GetAttributeValue", session);
    const value = this.#keyOf(object).attributes.get(asked?.type ?? -1);
    if (value === undefined) return refuse("CKR_ATTRIBUTE_TYPE_INVALID");
    const bytes = typeof value === "number" ? handle(value) : Buffer.from(value);
    return [{ type: asked?.type ?? -1, value: bytes }];
  }

  C_EncryptInit(session: Handle, mechanism: Mechanism, key: Handle): void {
    this.#begin("C_EncryptInit", session, { mechanism, key });
  }

  C_Encrypt(session: Handle, data: Buffer, room: Buffer): Buffer {
    this.#enter("C_Encrypt", session);
    const { mechanism, key } = this.#ended();
    const { iv, aad } = gcmOf(mechanism);
    const cipher = createCipheriv("aes-256-gcm", key.secret ?? "", iv).setAAD(aad);
    const sealed = Buffer.concat([cipher.update(data), cipher.final(), cipher.getAuthTag()]);
    return room.subarray(0, sealed.copy(room));
  }

  C_DecryptInit(session: Handle, mechanism: Mechanism, key: Handle): void {
    this.#begin("C_DecryptInit", session, { mechanism, key });
  }

  C_Decrypt(session: Handle, data: Buffer, room: Buffer): Buffer {
    this.#enter("C_Decrypt", session);
    const { mechanism, key } = this.#ended();
    try {
      const opened =
        mechanism.mechanism === CKM.aesGcm ? openGcm(mechanism, key, data) : openOaep(key, data);
      return room.subarray(0, opened.copy(room));
    } catch {
      return refuse(this.wordForForgery);
    }
  }

  #begin(
    name: string,
    session: Handle,
    { mechanism, key }: { mechanism: Mechanism; key: Handle },
  ): void {
    this.#enter(name, session);
    const stored = this.#keyOf(key);
    if (!stored.mayCipher) refuse("CKR_KEY_FUNCTION_NOT_PERMITTED");
    if (this.isOld && mechanism.mechanism === CKM.rsaOaep) refuse("CKR_ARGUMENTS_BAD");
    this.#operation = { mechanism, key: stored };
  }

  #ended() {
    const operation = this.#operation ?? refuse("CKR_OPERATION_NOT_INITIALIZED");
    this.#operation = undefined;
    return operation;
  }

  #enter(name: string, session?: Handle): void {
    this.calls.set(name, (this.calls.get(name) ?? 0) + 1);
    const failure = this.failures.get(name)?.shift();
    if (failure !== undefined) refuse(failure);
    if (session && !session.equals(handle(this.#epoch))) refuse("CKR_SESSION_HANDLE_INVALID");
  }

  #handleOf(index: number): Handle {
    return handle(this.#epoch * 1000 + index);
  }

  #keyOf(object: Handle): StoredKey {
    const index = this.#keys.findIndex((_, at) => this.#handleOf(at).equals(object));
    const key = this.isThere ? this.#keys[index] : undefined;
    return key ?? refuse("CKR_OBJECT_HANDLE_INVALID");
  }
}

function attributesOf(of: { objectClass: number; label: string; id: Buffer; isKept: boolean }) {
  return new Map<number, number | string | Buffer>([
    [CKA.class, of.objectClass],
    [CKA.label, of.label],
    [CKA.id, of.id],
    [CKA.sensitive, Buffer.of(of.isKept ? 1 : 0)],
    [CKA.extractable, Buffer.of(of.isKept ? 0 : 1)],
  ]);
}

function gcmOf({ parameter }: Mechanism): { iv: Buffer; aad: Buffer } {
  return parameter as unknown as { iv: Buffer; aad: Buffer };
}

function openGcm(mechanism: Mechanism, { secret }: StoredKey, data: Buffer): Buffer {
  const { iv, aad } = gcmOf(mechanism);
  const tagAt = data.byteLength - TAG_BYTES;
  const decipher = createDecipheriv("aes-256-gcm", secret ?? "", iv).setAAD(aad);
  decipher.setAuthTag(data.subarray(tagAt));
  return Buffer.concat([decipher.update(data.subarray(0, tagAt)), decipher.final()]);
}

function openOaep({ privateKey }: StoredKey, data: Buffer): Buffer {
  const padding = constants.RSA_PKCS1_OAEP_PADDING;
  return privateKey
    ? privateDecrypt({ key: privateKey, padding, oaepHash: "sha256" }, data)
    : refuse("CKR_KEY_TYPE_INCONSISTENT");
}

function isSame(a: Attribute["value"], b: Attribute["value"]): boolean {
  return Buffer.isBuffer(a) && Buffer.isBuffer(b) ? a.equals(b) : a === b;
}

function handle(value: number): Handle {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt32LE(value);
  return bytes;
}

function refuse(name: string): never {
  throw new Error(name);
}
