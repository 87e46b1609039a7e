/** The front door of a form: its fields are read, its signature and policy judged, and what is left is an upload like any other. */
import type { Body } from "@s3eg/shared/http/body.ts";
import { unsigned } from "../auth/anonymous.ts";
import type { Authenticated, Authentication } from "../auth/authenticate.ts";
import type { Incoming } from "../incoming.ts";
import { objectUrl } from "../object-url.ts";
import { s3Error } from "../s3/errors.ts";
import { type PostedForm, Query } from "../s3-request.ts";
import { formBoundary, isForm } from "./form-part.ts";
import { type Form, readForm } from "./form-reader.ts";
import { formSigner } from "./form-signature.ts";
import { checkPostPolicy, parsePostPolicy } from "./post-policy.ts";
import { postedHeaders, postedKey } from "./posted-object.ts";

/** A form that its policy allows. */
export interface EnteredForm {
  /** The request as if the file had been PUT. */
  readonly incoming: Incoming;
  /** Nobody for a form without a signature: the bucket's policy decides. */
  readonly caller: Authenticated;
  readonly form: PostedForm;
  /** The file. */
  readonly body: Body;
}

/** Reads a form up to its file and judges it. The caller must pump or destroy the file. */
export async function enterByForm(
  incoming: Incoming,
  raw: Body,
  authentication: Authentication,
): Promise<EnteredForm> {
  const form = await readForm(raw, announcedForm(incoming));
  try {
    return entered(incoming, form, authentication);
  } catch (error) {
    form.file.body.destroy(error);
    throw error;
  }
}

function entered(incoming: Incoming, form: Form, authentication: Authentication): EnteredForm {
  const signer = formSigner(form.fields, authentication);
  const key = postedKey(form);
  const bucket = form.fields.get("bucket") ?? incoming.bucket;
  if (bucket !== incoming.bucket) throw s3Error("AccessDenied");
  if (signer) {
    checkPostPolicy(parsePostPolicy(form.fields.get("policy") ?? ""), {
      fields: new Map([...form.fields, ["bucket", bucket], ["key", key]]),
      sizeBytes: form.file.sizeBytes,
      now: authentication.now(),
    });
  }
  const payload = { kind: "unsigned" } as const;
  return {
    incoming: { ...incoming, key, headers: postedHeaders(form), query: new Query([]) },
    caller: signer ? { principal: signer, signature: { payload } } : unsigned(incoming),
    form: { fields: form.fields, location: objectUrl(incoming, key) },
    body: form.file.body,
  };
}

function announcedForm({ headers }: Incoming): { boundary: string; contentLength: number } {
  const contentType = headers["content-type"];
  if (!isForm(contentType)) {
    throw s3Error("PreconditionFailed", {
      message: "Bucket POST must be of the enclosure-type multipart/form-data",
      fields: { Condition: "Bucket POST must be of the enclosure-type multipart/form-data" },
    });
  }
  const boundary = formBoundary(contentType);
  if (boundary === undefined) throw s3Error("MalformedPOSTRequest");
  const length = headers["content-length"];
  if (length === undefined || headers["transfer-encoding"] !== undefined) {
    throw s3Error("MissingContentLength");
  }
  if (!/^\d{1,15}$/.test(length)) {
    throw s3Error("InvalidArgument", { fields: { ArgumentName: "content-length" } });
  }
  return { boundary, contentLength: Number(length) };
}
