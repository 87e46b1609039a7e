/** ListMultipartUploads: the backend knows its uploads, and nothing in the list tells of ciphertext. */
import { passThrough } from "./pass-through.ts";

export const listMultipartUploads = passThrough({
  name: "ListMultipartUploads",
  method: "GET",
  level: "bucket",
  subresources: ["uploads"],
});
