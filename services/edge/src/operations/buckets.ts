/** Operations on buckets themselves: they hold no object bytes and pass through. */
import { el, type XmlElement, xmlDocument } from "@s3eg/shared/s3/xml.ts";
import type { Rights } from "../auth/rights.ts";
import { copyNode, parseBackendXml } from "../backend-xml.ts";
import type { Operation } from "./operation.ts";
import { MAX_XML_BYTES, passedAnswer, passedRequest, passThrough } from "./pass-through.ts";

/** ListBuckets: a credential is shown the buckets in which it may list something. */
export const listBuckets: Operation = {
  name: "ListBuckets",
  method: "GET",
  level: "service",
  async run(request, { backend }) {
    const { rights } = request.principal;
    const response = await backend.send(passedRequest(request, { method: "GET" }));
    return await passedAnswer(
      response,
      rights.isEverything ? undefined : (xml) => onlyBuckets(xml, rights),
    );
  },
};

function onlyBuckets(xml: string, rights: Rights): string {
  const document = parseBackendXml(xml);
  const isShown = (bucket: XmlElement) =>
    bucket.name !== "Bucket" || rights.within("list", bucket.textOf("Name") ?? "");
  const children = document.children.map((child) =>
    child.name === "Buckets"
      ? el("Buckets", ...child.children.filter(isShown).map(copyNode))
      : copyNode(child),
  );
  return xmlDocument(el(document.name, ...children), { hasNamespace: true });
}

/** CreateBucket: `Location`, which may tell where the backend is, becomes the bucket's here. */
export const createBucket: Operation = {
  name: "CreateBucket",
  method: "PUT",
  level: "bucket",
  async run(request, { backend }) {
    const body = await request.bytes(MAX_XML_BYTES);
    const response = await backend.send(passedRequest(request, { method: "PUT", body }));
    const answer = await passedAnswer(response);
    const isLocated = response.headers.location !== undefined;
    const location = isLocated ? { location: `/${request.bucket}` } : {};
    return { ...answer, headers: { ...answer.headers, ...location } };
  },
};

/** HeadBucket: some backends say that there is nothing to read, some say nothing of it. */
export const headBucket: Operation = {
  name: "HeadBucket",
  method: "HEAD",
  level: "bucket",
  async run(request, { backend }) {
    const response = await backend.send(passedRequest(request, { method: "HEAD" }));
    const answer = await passedAnswer(response);
    const length = response.headers["content-length"];
    return length === undefined
      ? answer
      : { ...answer, headers: { ...answer.headers, "content-length": length } };
  },
};

export const deleteBucket = passThrough({
  name: "DeleteBucket",
  method: "DELETE",
  level: "bucket",
});

export const getBucketLocation = passThrough({
  name: "GetBucketLocation",
  method: "GET",
  level: "bucket",
  subresources: ["location"],
});
