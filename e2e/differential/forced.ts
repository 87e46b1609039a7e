/** Steps whose answers differ because they must, each with the reason. One that has stopped to differ fails the test, and leaves this list. */
import type { Step } from "./step.ts";

interface Forced {
  readonly chapter: string;
  /** What the steps are about, exactly. */
  readonly about: readonly string[];
  /** The backends on which it differs. */
  readonly on: readonly string[];
  readonly reason: string;
}

const BOTH = ["versitygw", "minio"];
const VERSITYGW = ["versitygw"];
const MINIO = ["minio"];

const FORCED: readonly Forced[] = [
  {
    chapter: "ranges",
    about: ["range bytes=-1 of nothing"],
    on: BOTH,
    reason: "S3 says 416; versitygw sends the whole, MinIO the range 0--1/0",
  },
  {
    chapter: "ranges",
    about: ["range bytes=4-2"],
    on: MINIO,
    reason: "a range that is none is ignored (RFC 9110 §14.2); MinIO says 416",
  },
  {
    chapter: "keys",
    about: ["a key that is not UTF-8"],
    on: BOTH,
    reason: "S3 has none, and an envelope is bound to the key's text (format.md §5)",
  },
  {
    chapter: "keys",
    about: ["a key too long"],
    on: VERSITYGW,
    reason: "versitygw sees a folder first",
  },
  {
    chapter: "keys",
    about: ["a folder"],
    on: VERSITYGW,
    reason: "versitygw keeps no bytes under a key that ends in a slash; a sealed object has some",
  },
  {
    chapter: "keys",
    about: ["nothing", "no XML"],
    on: VERSITYGW,
    reason: "every key is judged by rights, so the document is read first, and is MalformedXML",
  },
  {
    chapter: "keys",
    about: ["another document"],
    on: BOTH,
    reason: "every key is judged by rights, so the document is read first, and is MalformedXML",
  },
  {
    chapter: "keys",
    about: ["another digest"],
    on: MINIO,
    reason: "MinIO does not check the digest of a document",
  },
  {
    chapter: "copies",
    about: ["onto itself with other metadata"],
    on: VERSITYGW,
    reason: "versitygw then forgets to tell the checksum",
  },
  {
    chapter: "copies",
    about: ["if none match"],
    on: VERSITYGW,
    reason: "S3 answers 412 to a copy (S3 API, CopyObject); versitygw 304",
  },
  {
    chapter: "copies",
    about: [
      "a copy",
      "a copy, no slash before",
      "a copy, all encoded",
      "other metadata",
      "metadata with COPY are not heeded",
      "other tags",
      "onto itself with other metadata",
      "if match",
      "if none match of another",
      "if modified",
    ],
    on: MINIO,
    reason: "MinIO gives a copy a checksum that its source had not, one of the ciphertext here",
  },
  {
    chapter: "copies",
    about: ["of no bucket"],
    on: MINIO,
    reason: "the source is looked at with HEAD, whose answer has no words",
  },
  {
    chapter: "checksums",
    about: ["unsigned chunks with a trailer"],
    on: VERSITYGW,
    reason: "versitygw keeps aws-chunked as the object's coding",
  },
  {
    chapter: "checksums",
    about: ["the attributes"],
    on: MINIO,
    reason: "MinIO writes the document's name with a small letter",
  },
  {
    chapter: "checksums",
    about: ["a wrong checksum", "a wrong trailer"],
    on: MINIO,
    reason: "S3 calls it BadDigest; MinIO XAmzContentChecksumMismatch",
  },
  {
    chapter: "checksums",
    about: ["a checksum that is none", "two checksums", "no attributes"],
    on: MINIO,
    reason: "S3 calls it InvalidRequest; MinIO InvalidArgument",
  },
  {
    chapter: "checksums",
    about: ["a copy keeps its checksum"],
    on: MINIO,
    reason: "S3 tells it in the document; MinIO in headers",
  },
  {
    chapter: "uploads",
    about: ["its parts, none yet", "its parts", "one part at a time", "parts after the first"],
    on: BOTH,
    reason: "an upload without a checksum has none to tell; versitygw and MinIO write an empty one",
  },
  {
    chapter: "uploads",
    about: ["part 1", "a part that is a copy"],
    on: VERSITYGW,
    reason: "what is to give every object a checksum gives every part one",
  },
  {
    chapter: "uploads",
    about: ["part 2", "part 2 again", "a part too small", "a last part", "one part alone"],
    on: BOTH,
    reason: "a small part is held until the upload completes: no answer of the backend to repeat",
  },
  {
    chapter: "uploads",
    about: ["a part that is a copy"],
    on: MINIO,
    reason: "a small part is held until the upload completes: no answer of the backend to repeat",
  },
  {
    chapter: "uploads",
    about: ["abort", "abort again"],
    on: MINIO,
    reason: "an upload is given up in two places: no one answer to repeat",
  },
  {
    chapter: "uploads",
    about: ["a part that is a copy of too much"],
    on: BOTH,
    reason: "Ceph's tests want InvalidRange; versitygw and MinIO say InvalidArgument",
  },
  {
    chapter: "uploads",
    about: ["part 0"],
    on: MINIO,
    reason: "S3 calls it InvalidArgument; MinIO InvalidPart",
  },
  {
    chapter: "uploads",
    about: ["complete without parts"],
    on: MINIO,
    reason: "S3 calls it MalformedXML; MinIO InvalidRequest",
  },
  {
    chapter: "uploads",
    about: ["complete in the wrong order"],
    on: MINIO,
    reason: "two things are wrong with it, and MinIO names the other one",
  },
  {
    chapter: "uploads",
    about: ["its attributes"],
    on: MINIO,
    reason: "MinIO writes the document's name with a small letter",
  },
  {
    chapter: "uploads",
    about: ["range bytes=5242895-"],
    on: MINIO,
    reason: "MinIO tells an object's metadata with the error",
  },
  {
    chapter: "settings",
    about: ["a preflight without an origin"],
    on: MINIO,
    reason: "S3 answers 400; MinIO has no preflights and says 200 to all",
  },
  {
    chapter: "buckets",
    about: ["no operation"],
    on: MINIO,
    reason: "S3 takes it for a form; MinIO for nothing",
  },
  {
    chapter: "versions",
    about: ["a version of one's own"],
    on: VERSITYGW,
    reason: "S3 refuses it; versitygw does not look",
  },
  {
    chapter: "versions",
    about: ["a copy of the first"],
    on: MINIO,
    reason: "MinIO gives a copy a checksum that its source had not, one of the ciphertext here",
  },
];

/** The entry of the list that a step of a chapter falls under. */
export function forcedBy(backend: string, chapter: string, step: Step): Forced | undefined {
  return forcedOf(backend, chapter).find(({ about }) => about.includes(step.about));
}

/** Every entry for a chapter on a backend. */
export function forcedOf(backend: string, chapter: string): readonly Forced[] {
  return FORCED.filter((entry) => entry.chapter === chapter && entry.on.includes(backend));
}
