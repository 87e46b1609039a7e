/** Operations on buckets themselves: they hold no object bytes and pass through. */
import { passThrough } from "./pass-through.ts";

export const listBuckets = passThrough({ name: "ListBuckets", method: "GET", level: "service" });

export const createBucket = passThrough({ name: "CreateBucket", method: "PUT", level: "bucket" });

export const headBucket = passThrough({ name: "HeadBucket", method: "HEAD", level: "bucket" });

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
