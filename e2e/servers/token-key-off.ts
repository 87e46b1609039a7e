/** Takes from a secret key of a PKCS#11 token the right to encrypt and to decrypt: `token-key-off.ts MODULE PIN LABEL`, on the first slot. */
import pkcs11js from "pkcs11js";

const [path = "", pin = "", label = ""] = process.argv.slice(2);
const module = new pkcs11js.PKCS11();
module.load(path);
module.C_Initialize();
const [slot] = module.C_GetSlotList(true);
if (!slot) throw new Error(`${path} has no token`);
const flags = pkcs11js.CKF_SERIAL_SESSION | pkcs11js.CKF_RW_SESSION;
const session = module.C_OpenSession(slot, flags);
module.C_Login(session, pkcs11js.CKU_USER, pin);
module.C_FindObjectsInit(session, [
  { type: pkcs11js.CKA_CLASS, value: pkcs11js.CKO_SECRET_KEY },
  { type: pkcs11js.CKA_LABEL, value: label },
]);
const [key] = module.C_FindObjects(session, 1);
module.C_FindObjectsFinal(session);
if (!key) throw new Error(`there is no key "${label}"`);
module.C_SetAttributeValue(session, key, [
  { type: pkcs11js.CKA_ENCRYPT, value: false },
  { type: pkcs11js.CKA_DECRYPT, value: false },
]);
module.C_Finalize();
