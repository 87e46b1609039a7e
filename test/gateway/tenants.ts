/** Tenants whose buckets have keys of their own: policies, the key stores they choose from, and a gateway on them. */
import { generateKeyPairSync } from "node:crypto";
import { decodeHeader } from "../../shared/src/format/header.ts";
import { type RunningGateway, runningGateway } from "./running-gateway.ts";

/** A policy file that names a key. */
export const policyOf = (id: string, buckets: string, key: string) =>
  `id: ${id}\nbuckets: [${buckets}]\nencryption:\n  key_manager:\n    ${key}\n`;

/** Tenant a has a key in an OpenBao, tenant b the RSA key; all other buckets are under the AES key. */
export const TENANTS = [
  policyOf("a", `"a-*"`, "{ provider: transit, key_id: tenants/a }"),
  policyOf("b", `"b-*"`, "{ provider: rsa }"),
];

const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
const RSA = String(privateKey.export({ type: "pkcs8", format: "pem" }));

/** The standard key is AES; policies may choose the RSA key and the key of an OpenBao. */
export const keysAt = (address: string) => ({
  SELF_CONTAINED_RSA_PRIVATE_KEY_SOURCE: RSA,
  OPENBAO_ADDR: address,
  OPENBAO_TRANSIT_PATH: "tenants",
  OPENBAO_TRANSIT_KEY_NAME: "a",
  OPENBAO_TOKEN: "token",
  KEY_MANAGER_POLICY_KEYS: "rsa,transit=tenants/a",
  KMS_RETRY_ENABLED: "false",
  KMS_CIRCUIT_BREAKER_ENABLED: "false",
  METRICS_ADDR: "",
});

/** What the OpenBao holds. */
export const TRANSIT_KEY = Buffer.alloc(32, 3);
const BUCKETS = ["a-one", "a-two", "b-one"];

/** Starts it, with buckets of both tenants. */
export async function withTenants(address: string) {
  const gateway = await runningGateway({ policies: TENANTS, env: keysAt(address) });
  for (const bucket of BUCKETS) await gateway.behind.send("PUT", `/${bucket}`);
  return gateway;
}

/** An object as it lies on the store. */
export async function storedOf(gateway: RunningGateway, bucket: string, key: string) {
  const { bytes, metadata } = await gateway.store.readStored(bucket, key);
  const header = decodeHeader(metadata["x-amz-meta-s3eg"] ?? "");
  return { bytes, header, key: `${header.provider} ${header.keyId}` };
}

/** Key of tenant a, as `storedOf` tells it. */
export const A = "transit tenants/a";
/** Key of tenant b. */
export const B = "rsa rsa";
/** Key of everybody else. */
export const STANDARD = "aes aes";
