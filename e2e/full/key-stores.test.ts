/**
 * One story of a whole gateway on every real key store, and a table of what was shown (Cosmian KMS, whose build takes long: e2e/cosmian).
 * E2E_KEY_STORES names some of them: "PyKMIP,OpenBao".
 */

import { pykmipSite } from "../key-stores/kmip.ts";
import { motoSite } from "../key-stores/moto.ts";
import { openbaoSite } from "../key-stores/openbao.ts";
import { softHsmSite } from "../key-stores/softhsm.ts";
import { tellOn } from "../key-stores/story.ts";

const STORES = {
  PyKMIP: pykmipSite,
  OpenBao: openbaoSite,
  "AWS KMS (moto)": motoSite,
  "PKCS#11 (SoftHSM)": softHsmSite,
};

const { E2E_KEY_STORES: named = Object.keys(STORES).join() } = process.env;
const wanted = named.split(",");
tellOn(Object.fromEntries(Object.entries(STORES).filter(([name]) => wanted.includes(name))));
