import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { awsKmsKey, awsKmsProblems } from "../../src/config/aws-kms.ts";
import { load, problems } from "./read-settings.ts";

const ARN = "arn:aws:kms:eu-central-1:123456789012";
const said = (env: Record<string, string>) =>
  awsKmsProblems(load(env).key_manager.aws_kms)
    .map(({ message }) => message)
    .join("\n");

describe("the aws_kms section", () => {
  it("calls a key the same by its id and its ARN, an alias by its name", () => {
    const id = "1234abcd-12ab-34cd-56ef-1234567890ab";
    assert.equal(awsKmsKey(id)?.keyId, id);
    assert.deepEqual(awsKmsKey(`${ARN}:key/${id}`), {
      keyId: id,
      target: `${ARN}:key/${id}`,
      region: "eu-central-1",
    });
    assert.equal(awsKmsKey("alias/my/kek")?.keyId, "alias/my/kek");
    assert.equal(awsKmsKey(`${ARN}:alias/kek`)?.keyId, "alias/kek");
    for (const other of ["", "a b", "arn:aws:s3:::bucket", "https://kms", `${ARN}:key/a/b`]) {
      assert.equal(awsKmsKey(other), undefined, other);
    }
  });

  it("says what is missing, wrong or given twice", () => {
    assert.equal(said({ AWS_KMS_KEYS: "a,alias/b" }), "");
    assert.match(said({}), /needs the id/);
    assert.match(said({ AWS_KMS_KEYS: "a,b c" }), /no id, ARN or alias/);
    assert.match(said({ AWS_KMS_KEYS: `a,${ARN}:key/a` }), /twice/);
    const elsewhere = "arn:aws:kms:us-west-2:123456789012:key/b";
    assert.match(said({ AWS_KMS_KEYS: `${ARN}:key/a,${elsewhere}` }), /several regions/);
    assert.match(said({ AWS_KMS_KEYS: elsewhere, AWS_KMS_REGION: "eu-central-1" }), /regions/);
  });

  it("refuses what is no region or no URL", () => {
    assert.match(problems({ AWS_KMS_REGION: "EU/1" }), /AWS_KMS_REGION/);
    assert.match(problems({ AWS_KMS_ENDPOINT: "kms" }), /AWS_KMS_ENDPOINT/);
  });
});
