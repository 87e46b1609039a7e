/** What of PKCS#11 2.40 ("Cryptoki") is used, in the words of the library pkcs11js, and its numbers. */

/** A slot, session or object of a module: a CK_ULONG in memory. */
export type Handle = Buffer;

/** Attributes that objects must have, or are asked for. */
export interface Attribute {
  readonly type: number;
  readonly value?: number | string | Buffer;
}

/** A cipher with what it is given, `parameter.type` being of `PARAMETERS`. */
export interface Mechanism {
  readonly mechanism: number;
  readonly parameter: { readonly type: number };
}

/** A module once it is loaded. The functions throw errors whose message is the name of the return value (`CKR_…`). */
export interface Cryptoki {
  C_Initialize(options: { flags: number; libraryParameters?: string }): void;
  C_Finalize(): void;
  C_GetSlotList(withToken: boolean): Handle[];
  /** The label is padded with blanks. */
  C_GetTokenInfo(slot: Handle): { readonly label: string };
  C_OpenSession(slot: Handle, flags: number): Handle;
  C_Login(session: Handle, user: number, pin: string): void;
  C_FindObjectsInit(session: Handle, template: Attribute[]): void;
  C_FindObjects(session: Handle, most: number): Handle[];
  C_FindObjectsFinal(session: Handle): void;
  C_GetAttributeValue(session: Handle, object: Handle, template: Attribute[]): Attribute[];
  C_EncryptInit(session: Handle, mechanism: Mechanism, key: Handle): void;
  /** Writes into `room`, and gives the part of it that was needed. */
  C_Encrypt(session: Handle, data: Buffer, room: Buffer): Buffer;
  C_DecryptInit(session: Handle, mechanism: Mechanism, key: Handle): void;
  C_Decrypt(session: Handle, data: Buffer, room: Buffer): Buffer;
}

/** Object classes (CKO_). */
export const CKO = { publicKey: 2, privateKey: 3, secretKey: 4 } as const;
/** Key types (CKK_). */
export const CKK = { rsa: 0x00, aes: 0x1f } as const;
/** Attributes (CKA_). */
export const CKA = {
  class: 0x000,
  label: 0x003,
  keyType: 0x100,
  id: 0x102,
  sensitive: 0x103,
  modulus: 0x120,
  publicExponent: 0x122,
  valueLength: 0x161,
  extractable: 0x162,
} as const;
/** Mechanisms (CKM_) and the mask generation function of OAEP (CKG_). */
export const CKM = { rsaOaep: 0x0009, sha256: 0x0250, aesGcm: 0x1087 } as const;
export const CKG_MGF1_SHA256 = 2;
export const CKZ_DATA_SPECIFIED = 1;
export const CKF = { osLockingOk: 2, serialSession: 4 } as const;
export const CKU_USER = 1;
/** How pkcs11js tells parameters of mechanisms apart: CK_GCM_PARAMS as of PKCS#11 2.40, CK_RSA_PKCS_OAEP_PARAMS. */
export const PARAMETERS = { gcm: 7, oaep: 4 } as const;

/** Room for any answer: more than an RSA key of 8192 bits has. */
export const ANSWER_BYTES = 2048;

/** An unsigned long as the library gives it. */
export function ulongOf(bytes: Uint8Array): number {
  return Buffer.from(bytes).readUIntLE(0, Math.min(6, bytes.byteLength));
}
