/** ListObjects, ListObjectsV2 and ListObjectVersions: the backend lists, sizes and ETags become what HEAD says of the same objects. */
import { rewriteListing } from "../listing.ts";
import type { Operation } from "./operation.ts";
import { passedAnswer, passedRequest } from "./pass-through.ts";

export const listObjects: Operation = { name: "ListObjects", ...listing([]) };

export const listObjectsV2: Operation = { name: "ListObjectsV2", ...listing(["list-type"]) };

export const listObjectVersions: Operation = {
  name: "ListObjectVersions",
  ...listing(["versions"]),
};

function listing(subresources: readonly string[]): Omit<Operation, "name"> {
  return {
    method: "GET",
    level: "bucket",
    subresources,
    async run(request, rooms) {
      const response = await rooms.backend.send(passedRequest(request, { method: "GET" }));
      return await passedAnswer(response, (xml) => rewriteListing(xml, request, rooms));
    },
  };
}
