import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { activeStore, readingStores } from "../../src/config/configured-stores.ts";
import { gcpKmsProblems } from "../../src/config/gcp-kms.ts";
import { load, problems } from "./read-settings.ts";

const KEY = "projects/a-project/locations/europe-west3/keyRings/gateway/cryptoKeys/kek";
const said = (keys: string) =>
  gcpKmsProblems(load({ GCP_KMS_KEYS: keys }).key_manager.gcp_kms)
    .map(({ message }) => message)
    .join("\n");

describe("the gcp_kms section", () => {
  it("takes resource names of keys, of a project of a domain too", () => {
    assert.equal(said(`${KEY},${KEY.replace("a-project", "example.com:a-project")}`), "");
  });

  it("says what is missing, wrong or given twice", () => {
    assert.match(said(""), /needs the resource name/);
    assert.match(said(`${KEY},${KEY}`), /twice/);
    for (const other of [
      "kek",
      `${KEY}/cryptoKeyVersions/1`,
      `${KEY}/`,
      `https://cloudkms.googleapis.com/v1/${KEY}`,
      KEY.replace("gateway", ".."),
      KEY.replace("kek", "kek:decrypt"),
    ]) {
      assert.match(said(other), /has what is no projects/, other);
    }
  });

  it("refuses what is no URL, or one with a path", () => {
    assert.match(problems({ GCP_KMS_ENDPOINT: "kms" }), /GCP_KMS_ENDPOINT/);
    assert.match(problems({ GCP_KMS_ENDPOINT: "https://kms/v1" }), /GCP_KMS_ENDPOINT/);
    load({ GCP_KMS_ENDPOINT: "https://kms.example.com/" });
  });

  it("is the key store of gcp-kms, and reads beside another one", () => {
    const gcp = { KEY_MANAGER_ENABLED: "true", KEY_MANAGER_PROVIDER: "gcp-kms", GCP_KMS_KEYS: KEY };
    const aws = { AWS_KMS_KEYS: "alias/kek" };
    assert.equal(activeStore(load(gcp)), "gcp");
    const settings = load({ ...gcp, ...aws, KEY_MANAGER_PROVIDER: "aws-kms" });
    assert.deepEqual([activeStore(settings), readingStores(settings)], ["aws-kms", ["gcp"]]);
    assert.match(problems({ ...gcp, GCP_KMS_KEYS: "" }), /gcp_kms\.keys/);
  });
});
