/** NSS's softoken: a PKCS#11 token in files, which does RSA-OAEP with SHA-256 as SoftHSM does not. */
import { randomBytes } from "node:crypto";
import pkcs11js from "pkcs11js";
import { makeScratch } from "./place.ts";

/** A token with one RSA key pair of 2048 bits. */
export interface NssToken extends AsyncDisposable {
  /** Settings of a gateway on it. */
  readonly settings: Readonly<Record<string, string>>;
}

/** The system finds it by its name. */
const MODULE = "libsoftokn3.so";
const PIN = "e2e-pin-1234";

/** Makes one whose pair has this label. The module keeps nothing of it in this process. */
export async function startNssToken(label: string): Promise<NssToken> {
  const scratch = await makeScratch("nss");
  const parameters = `configdir='sql:${scratch.folder}' certPrefix='' keyPrefix='' secmod='secmod.db' flags= `;
  makePair(parameters, label);
  return {
    settings: {
      KEY_MANAGER_ENABLED: "true",
      KEY_MANAGER_PROVIDER: "hsm",
      PKCS11_MODULE: MODULE,
      PKCS11_LIBRARY_PARAMETERS: parameters,
      PKCS11_TOKEN_LABEL: "NSS Certificate DB",
      PKCS11_PIN_SOURCE: "env:E2E_TOKEN_PIN",
      E2E_TOKEN_PIN: PIN,
      PKCS11_KEYS: label,
      PKCS11_MECHANISM: "RSA-OAEP-SHA256",
      PKCS11_ENVELOPE_AUTH_KEY: `base64:${randomBytes(32).toString("base64")}`,
    },
    [Symbol.asyncDispose]: () => scratch[Symbol.asyncDispose](),
  };
}

function makePair(libraryParameters: string, label: string): void {
  const module = new pkcs11js.PKCS11();
  module.load(MODULE);
  module.C_Initialize({ libraryParameters, flags: pkcs11js.CKF_OS_LOCKING_OK });
  try {
    const [, slot] = module.C_GetSlotList(true);
    if (!slot) throw new Error(`${MODULE} has no slot for keys`);
    const flags = pkcs11js.CKF_SERIAL_SESSION | pkcs11js.CKF_RW_SESSION;
    const session = module.C_OpenSession(slot, flags);
    module.C_Login(session, pkcs11js.CKU_SO, "");
    module.C_InitPIN(session, PIN);
    module.C_Logout(session);
    module.C_Login(session, pkcs11js.CKU_USER, PIN);
    const both = [
      { type: pkcs11js.CKA_TOKEN, value: true },
      { type: pkcs11js.CKA_LABEL, value: label },
    ];
    module.C_GenerateKeyPair(
      session,
      { mechanism: pkcs11js.CKM_RSA_PKCS_KEY_PAIR_GEN },
      [
        ...both,
        { type: pkcs11js.CKA_MODULUS_BITS, value: 2048 },
        { type: pkcs11js.CKA_PUBLIC_EXPONENT, value: Buffer.from([1, 0, 1]) },
      ],
      [
        ...both,
        { type: pkcs11js.CKA_PRIVATE, value: true },
        { type: pkcs11js.CKA_DECRYPT, value: true },
        { type: pkcs11js.CKA_SENSITIVE, value: true },
        { type: pkcs11js.CKA_EXTRACTABLE, value: false },
      ],
    );
  } finally {
    module.C_Finalize();
  }
}
