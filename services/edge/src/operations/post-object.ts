/** PostObject: a browser's form. Read and judged at the door (form/enter-by-form.ts), its file is then put like any other object. */
import { encodeComponent } from "@s3eg/shared/s3/names.ts";
import { el, xmlDocument } from "@s3eg/shared/s3/xml.ts";
import { s3Error } from "../s3/errors.ts";
import type { PostedForm, S3Request } from "../s3-request.ts";
import type { Operation, S3Answer } from "./operation.ts";
import { putObject } from "./put-object.ts";

export const postObject: Operation = {
  name: "PostObject",
  method: "POST",
  level: "bucket",
  readsForm: true,
  async run(request, rooms) {
    const { form } = request;
    if (!form) throw s3Error("PreconditionFailed");
    const { headers = {}, wrappedUnder } = await putObject.run(request, rooms);
    const answer = answerOf(request, form, headers.etag ?? "");
    return { ...answer, wrappedUnder, headers: { ...headers, ...answer.headers } };
  },
};

/** What the form asked to be told (S3 API, POST Object: `success_action_redirect`, `success_action_status`). */
function answerOf(
  { bucket, key }: S3Request,
  { fields, location }: PostedForm,
  etag: string,
): S3Answer {
  const wanted = fields.get("success_action_redirect") ?? fields.get("redirect") ?? "";
  const facts = `bucket=${encodeComponent(bucket)}&key=${encodeComponent(key)}&etag=${encodeComponent(etag)}`;
  // What is no URL is taken as not given.
  if (isUrl(wanted)) {
    const next = `${wanted}${wanted.includes("?") ? "&" : "?"}${facts}`;
    return { status: 303, headers: { location: next } };
  }
  const status = fields.get("success_action_status");
  if (status === "200") return { status: 200, headers: { location } };
  if (status !== "201") return { status: 204, headers: { location } };
  const body = xmlDocument(
    el(
      "PostResponse",
      el("Location", location),
      el("Bucket", bucket),
      el("Key", key),
      el("ETag", etag),
    ),
  );
  return { status: 201, headers: { location, "content-type": "application/xml" }, body };
}

function isUrl(text: string): boolean {
  return /^https?:\/\/[\x21-\x7e]+$/i.test(text) && URL.canParse(text);
}
