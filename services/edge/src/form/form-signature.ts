/** Who signed a form: the signature covers its policy alone (S3 API, "Authenticating Requests in Browser-Based Uploads Using POST"). */
import { Fault } from "@s3eg/shared/faults.ts";
import { Secret } from "@s3eg/shared/runtime/secret.ts";
import { isSameText, signV2 } from "@s3eg/shared/s3/sigv2.ts";
import { ALGORITHM, deriveSigningKey, sign } from "@s3eg/shared/s3/sigv4.ts";
import { parseTimestamp } from "@s3eg/shared/s3/sigv4-claim.ts";
import { type Authentication, refuseV2Unless } from "../auth/authenticate.ts";
import type { Principal } from "../auth/credentials.ts";
import { s3Error } from "../s3/errors.ts";

type FormFields = ReadonlyMap<string, string>;

const V4_FIELDS = ["x-amz-algorithm", "x-amz-credential", "x-amz-date", "x-amz-signature"];
const V2_FIELDS = ["awsaccesskeyid", "signature"];

// Stands in for the secret of a key nobody knows, so that both kinds of refusal do the same work.
const NOBODYS_SECRET = new Secret("not the secret of any access key");

/** The signer of a form's policy; `undefined` for a form with neither. Throws `auth.*` faults, and `InvalidArgument` for half a signature. */
export function formSigner(
  fields: FormFields,
  authentication: Authentication,
): Principal | undefined {
  const isV4 = V4_FIELDS.some((name) => fields.has(name));
  const isSigned = isV4 || V2_FIELDS.some((name) => fields.has(name));
  if (!isSigned && !fields.has("policy")) return undefined;
  const policy = required(fields, "policy");
  const claim = isV4 ? claimV4(fields) : claimV2(fields, authentication);
  const credential = authentication.credentials.find(claim.accessKey);
  const expected = claim.sign(credential?.secretKey ?? NOBODYS_SECRET, policy);
  const isRight = isSameText(expected, claim.signature);
  if (!credential) throw new Fault("auth.unknown-key", "access key is not known here");
  if (!isRight) throw new Fault("auth.signature-mismatch", "signature does not match");
  if (fields.get("x-amz-security-token")) throw s3Error("InvalidToken");
  return credential;
}

interface FormClaim {
  readonly accessKey: string;
  readonly signature: string;
  sign(secret: Secret, policy: string): string;
}

function claimV2(fields: FormFields, { allowsV2 }: Authentication): FormClaim {
  refuseV2Unless(allowsV2);
  return {
    accessKey: required(fields, "awsaccesskeyid"),
    signature: required(fields, "signature"),
    sign: (secret, policy) => signV2(secret, Buffer.from(policy).toString("latin1")),
  };
}

function claimV4(fields: FormFields): FormClaim {
  if (required(fields, "x-amz-algorithm") !== ALGORITHM) refuseV2Unless(false);
  const credential = required(fields, "x-amz-credential");
  const [, accessKey = "", date = "", region = ""] =
    /^(.+)\/(\d{8})\/([^/]+)\/s3\/aws4_request$/.exec(credential) ?? [];
  const timestamp = required(fields, "x-amz-date");
  if (parseTimestamp(timestamp) === undefined || timestamp.slice(0, 8) !== date) {
    throw s3Error("InvalidArgument", {
      message: "X-Amz-Credential must be of the day that X-Amz-Date names.",
      fields: { ArgumentName: "x-amz-credential", ArgumentValue: credential },
    });
  }
  return {
    accessKey,
    signature: required(fields, "x-amz-signature"),
    sign: (secret, policy) =>
      sign(deriveSigningKey(secret, { date, region, service: "s3" }), policy),
  };
}

function required(fields: FormFields, name: string): string {
  const value = fields.get(name);
  if (value) return value;
  throw s3Error("InvalidArgument", {
    message: `Bucket POST must contain a field named '${name}'.  If it is specified, please check the order of the fields.`,
    fields: { ArgumentName: name, ArgumentValue: "" },
  });
}
