/** A form with a policy, signed, as a request. */
import { deriveSigningKey, sign } from "@s3eg/shared/s3/sigv4.ts";
import { SECRET, type Sending } from "../running-edge.ts";
import { formBytes } from "./form-bytes.ts";

/** What to upload, and what the policy says. */
export interface SentForm {
  readonly bucket: string;
  readonly fields: Readonly<Record<string, string>>;
  readonly bytes: Uint8Array;
  readonly fileName?: string;
  readonly conditions?: readonly unknown[];
  readonly expiration?: string;
  readonly accessKey?: string;
}

/** The request of a form whose policy allows exactly its fields, and what `conditions` add. */
export function signedForm(form: SentForm): Sending {
  const { bucket, fields, accessKey = "AK", conditions = [] } = form;
  const date = new Date().toISOString().slice(0, 10).replaceAll("-", "");
  const authentication = {
    "x-amz-algorithm": "AWS4-HMAC-SHA256",
    "x-amz-credential": `${accessKey}/${date}/us-east-1/s3/aws4_request`,
    "x-amz-date": `${date}T000000Z`,
  };
  const others = Object.entries({ ...fields, ...authentication }).filter(
    ([name]) => name !== "key",
  );
  const document = {
    expiration: form.expiration ?? new Date(Date.now() + 60_000).toISOString(),
    conditions: [
      { bucket },
      ["starts-with", "$key", ""],
      ...others.map(([name, value]) => ({ [name]: value })),
      ...conditions,
    ],
  };
  const policy = Buffer.from(JSON.stringify(document)).toString("base64");
  const signingKey = deriveSigningKey(SECRET, { date, region: "us-east-1", service: "s3" });
  const signature = { policy, "x-amz-signature": sign(signingKey, policy) };
  return unsignedForm({ ...form, fields: { ...fields, ...authentication, ...signature } });
}

/** The request of a form as it is. */
export function unsignedForm({ bucket, fields, bytes, fileName = "cat.txt" }: SentForm): Sending {
  const body = formBytes({ fields, file: { name: fileName, bytes } });
  const headers = {
    "content-type": "multipart/form-data; boundary=b0",
    "content-length": String(body.byteLength),
    host: "gateway.example",
  };
  return { method: "POST", path: `/${bucket}`, headers, body };
}
