/** A token under one session: opened when it is first needed, and once more where the session or the token went away meanwhile. */
import { Fault } from "@s3eg/shared/faults.ts";
import {
  ANSWER_BYTES,
  CKF,
  CKG_MGF1_SHA256,
  CKM,
  CKU_USER,
  CKZ_DATA_SPECIFIED,
  type Cryptoki,
  type Handle,
  PARAMETERS,
  ulongOf,
} from "./cryptoki.ts";
import {
  cryptokiFault,
  decryptionFault,
  isLost,
  isVague,
  returnValueOf,
} from "./cryptoki-faults.ts";
import { AbsentKey, type FoundKey, findKey, type KeyFacts, type NamedKey } from "./token-keys.ts";

/** Where a token is, and how it is opened. */
export interface TokenPlace {
  /** Text for the module's start; few want any. */
  readonly libraryParameters?: string | undefined;
  /** Its label or its slot. */
  readonly tokenLabel?: string | undefined;
  readonly slot?: number | undefined;
  readonly pin: string;
}

/** One message of a cipher of the token. */
export interface CipherText {
  readonly data: Buffer;
  /** Of AES-GCM. */
  readonly iv: Buffer;
  readonly associatedData: Buffer;
}

const GCM = { ivBits: 96, tagBits: 128 };
/** What a module says that has the mechanism not at all, or not with these parameters. */
const NOT_SO = new Set([
  "CKR_ARGUMENTS_BAD",
  "CKR_MECHANISM_INVALID",
  "CKR_MECHANISM_PARAM_INVALID",
]);

/** Every call blocks. Throws nothing but faults, as of a `RemoteKeyStore`. */
export class Token {
  readonly #cryptoki: Cryptoki;
  readonly #place: TokenPlace;
  #session: Handle | undefined;
  readonly #found = new Map<string, FoundKey>();

  /** Of a module that is loaded and not initialized. Close it. */
  constructor(cryptoki: Cryptoki, place: TokenPlace) {
    this.#cryptoki = cryptoki;
    this.#place = place;
  }

  /** Opens the session, to know that it can be. */
  open(): void {
    this.#within(() => undefined);
  }

  /** What the token says of a key; `keys.denied` where it can't be the one that is meant. */
  describe(key: NamedKey): KeyFacts {
    return this.#within((session) => this.#keyIn(session, key).facts);
  }

  /** AES-GCM: ciphertext and tag. */
  encrypt(key: NamedKey, { data, iv, associatedData }: CipherText): Buffer {
    return this.#within((session) => {
      const { object } = this.#keyIn(session, key);
      const mechanism = gcm(iv, associatedData);
      offered(key, () => this.#cryptoki.C_EncryptInit(session, mechanism, object));
      return this.#cryptoki.C_Encrypt(session, data, Buffer.alloc(ANSWER_BYTES));
    });
  }

  /** The plaintext; `isVague` in a fault's details: the module may also mean that it failed. */
  decrypt(key: NamedKey, { data, iv, associatedData }: CipherText): Buffer {
    return this.#within((session) => {
      const { object } = this.#keyIn(session, key);
      const mechanism = key.mechanism === "AES-GCM" ? gcm(iv, associatedData) : OAEP;
      offered(key, () => this.#cryptoki.C_DecryptInit(session, mechanism, object));
      try {
        return this.#cryptoki.C_Decrypt(session, data, Buffer.alloc(ANSWER_BYTES));
      } catch (error) {
        if (isVague(error) || !isLost(error)) throw decryptionFault(error);
        throw error;
      }
    });
  }

  /** Ends the session; the next call opens another one. */
  close(): void {
    this.#session = undefined;
    this.#found.clear();
    try {
      this.#cryptoki.C_Finalize();
    } catch {
      // It is gone already, or was never there.
    }
  }

  /** A failure that may be one of the session is tried again in a new one. */
  #within<Result>(act: (session: Handle) => Result): Result {
    const wasOpen = this.#session !== undefined;
    try {
      return act(this.#opened());
    } catch (error) {
      // A key may be "absent" because its token is.
      if (!(isLost(error) || error instanceof AbsentKey)) throw cryptokiFault(error);
      this.close();
      if (!wasOpen) throw cryptokiFault(error);
    }
    try {
      return act(this.#opened());
    } catch (error) {
      if (isLost(error)) this.close();
      throw cryptokiFault(error);
    }
  }

  #opened(): Handle {
    if (this.#session) return this.#session;
    this.close();
    const { libraryParameters, pin } = this.#place;
    const flags = CKF.osLockingOk;
    this.#cryptoki.C_Initialize(
      libraryParameters === undefined ? { flags } : { flags, libraryParameters },
    );
    const session = this.#cryptoki.C_OpenSession(this.#slot(), CKF.serialSession);
    try {
      this.#cryptoki.C_Login(session, CKU_USER, pin);
    } catch (error) {
      if (returnValueOf(error) !== "CKR_USER_ALREADY_LOGGED_IN") throw error;
    }
    this.#session = session;
    return session;
  }

  #slot(): Handle {
    const { tokenLabel, slot: wanted } = this.#place;
    const named = this.#cryptoki
      .C_GetSlotList(true)
      .filter((each) =>
        wanted === undefined ? this.#labelOf(each) === tokenLabel : ulongOf(each) === wanted,
      );
    const which = wanted === undefined ? `with the label "${tokenLabel}"` : `in slot ${wanted}`;
    const [slot, ...others] = named;
    if (!slot) throw new Fault("keys.unavailable", `there is no token ${which}`);
    if (others.length === 0) return slot;
    throw new Fault("keys.denied", `there are several tokens ${which}: name the slot`);
  }

  /** Undefined for a slot that gives none: it is no reason not to find the right one. */
  #labelOf(slot: Handle): string | undefined {
    try {
      return this.#cryptoki.C_GetTokenInfo(slot).label.trimEnd();
    } catch {
      return undefined;
    }
  }

  #keyIn(session: Handle, key: NamedKey): FoundKey {
    const name = JSON.stringify([key.mechanism, key.label, key.id]);
    const found = this.#found.get(name) ?? findKey(this.#cryptoki, session, key);
    this.#found.set(name, found);
    return found;
  }
}

const OAEP = {
  mechanism: CKM.rsaOaep,
  parameter: {
    type: PARAMETERS.oaep,
    hashAlg: CKM.sha256,
    mgf: CKG_MGF1_SHA256,
    source: CKZ_DATA_SPECIFIED,
  },
};

function gcm(iv: Buffer, aad: Buffer) {
  return { mechanism: CKM.aesGcm, parameter: { type: PARAMETERS.gcm, iv, aad, ...GCM } };
}

/** Names the mechanism where the token has it not, or not as it must be. */
function offered(key: NamedKey, begin: () => void): void {
  try {
    begin();
  } catch (error) {
    const name = returnValueOf(error);
    if (name === undefined || !NOT_SO.has(name)) throw error;
    const what =
      key.mechanism === "AES-GCM"
        ? "AES-GCM with an IV of 96 bits that it is given and associated data"
        : "RSA-OAEP with SHA-256";
    throw new Fault("keys.denied", `the token does not do ${what} (${name})`);
  }
}
