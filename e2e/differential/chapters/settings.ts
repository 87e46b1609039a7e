/** What is set on buckets and objects: tags, ACLs, CORS, versions, policies; and buckets themselves. */
import { type Chapter, DELETE, GET, HEAD, OPTIONS, POST, PUT, reads } from "../step.ts";

const TAGS =
  "<Tagging><TagSet><Tag><Key>colour</Key><Value>green &amp; blue</Value></Tag></TagSet></Tagging>";

/** A setting with a document: written with Content-MD5, as some of them want it. */
const set = (about: string, path: string, body: string) =>
  PUT(about, path, { body, headers: { "content-md5": "{{md5}}" } });

/** Settings of objects and buckets. */
export const settings: Chapter = {
  name: "settings",
  steps: [
    PUT("an object", "/k", { body: "x", headers: { "x-amz-tagging": "a=1" } }),
    GET("tags", "/k?tagging"),
    ...reads("an object with tags", "/k"),
    set("tags", "/k?tagging", TAGS),
    GET("tags", "/k?tagging"),
    set(
      "too many tags",
      "/k?tagging",
      `<Tagging><TagSet>${Array.from({ length: 11 }, (_, n) => `<Tag><Key>${n}</Key><Value>v</Value></Tag>`).join("")}</TagSet></Tagging>`,
    ),
    set("no XML for tags", "/k?tagging", "this is no XML"),
    DELETE("tags", "/k?tagging"),
    GET("no tags", "/k?tagging"),
    GET("tags of nothing", "/nothing?tagging"),
    set("tags of nothing", "/nothing?tagging", TAGS),
    GET("the ACL", "/k?acl"),
    PUT("a canned ACL", "/k?acl", { headers: { "x-amz-acl": "private" } }),
    GET("the ACL of nothing", "/nothing?acl"),
    GET("retention where there is no lock", "/k?retention"),
    GET("legal hold where there is no lock", "/k?legal-hold"),
    GET("bucket tags, none", "?tagging"),
    set("bucket tags", "?tagging", TAGS),
    GET("bucket tags", "?tagging"),
    DELETE("bucket tags", "?tagging"),
    GET("bucket ACL", "?acl"),
    GET("location", "?location"),
    GET("versioning", "?versioning"),
    GET("policy, none", "?policy"),
    PUT("policy", "?policy", {
      body: '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::{{bucket}}/public/*"}]}',
    }),
    GET("policy", "?policy"),
    PUT("policy that is none", "?policy", { body: "{}" }),
    DELETE("policy", "?policy"),
    GET("CORS, none", "?cors"),
    set(
      "CORS",
      "?cors",
      "<CORSConfiguration><CORSRule><AllowedOrigin>http://a.example</AllowedOrigin><AllowedMethod>GET</AllowedMethod><AllowedHeader>x-a</AllowedHeader><ExposeHeader>etag</ExposeHeader><MaxAgeSeconds>30</MaxAgeSeconds></CORSRule></CORSConfiguration>",
    ),
    GET("CORS", "?cors"),
    OPTIONS("a preflight", "/k", {
      proof: "none",
      headers: { origin: "http://a.example", "access-control-request-method": "GET" },
    }),
    OPTIONS("a preflight with headers", "/k", {
      proof: "none",
      headers: {
        origin: "http://a.example",
        "access-control-request-method": "GET",
        "access-control-request-headers": "x-a",
      },
    }),
    OPTIONS("a preflight of another origin", "/k", {
      proof: "none",
      headers: { origin: "http://b.example", "access-control-request-method": "GET" },
    }),
    OPTIONS("a preflight of another method", "/k", {
      proof: "none",
      headers: { origin: "http://a.example", "access-control-request-method": "PUT" },
    }),
    OPTIONS("a preflight without an origin", "/k", { proof: "none" }),
    ...reads("with an origin", "/k", { headers: { origin: "http://a.example" } }),
    ...reads("with another origin", "/k", { headers: { origin: "http://b.example" } }),
    GET("nothing, with an origin", "/nothing", { headers: { origin: "http://a.example" } }),
    DELETE("CORS", "?cors"),
    ...[
      "lifecycle",
      "encryption",
      "website",
      "logging",
      "notification",
      "replication",
      "requestPayment",
      "accelerate",
      "ownershipControls",
      "object-lock",
      "policyStatus",
      "publicAccessBlock",
    ].map((name) => GET(name, `?${name}`)),
    GET("the settings of no bucket", "//no-such-bucket-here?versioning"),
  ],
};

/** Buckets: made, seen, listed and deleted. */
export const buckets: Chapter = {
  name: "buckets",
  steps: [
    HEAD("the bucket", ""),
    HEAD("no bucket", "//no-such-bucket-here"),
    PUT("the bucket again", ""),
    PUT("a name too short", "//ab"),
    PUT("a name in capitals", "//Capitals"),
    PUT("another", "//differential-another"),
    GET("all buckets", "//"),
    PUT("an object", "//differential-another/k", { body: "x" }),
    DELETE("a bucket that is not empty", "//differential-another"),
    DELETE("its object", "//differential-another/k"),
    DELETE("a bucket", "//differential-another"),
    DELETE("a bucket that is gone", "//differential-another"),
    HEAD("a bucket that is gone", "//differential-another"),
    GET("all buckets by nobody", "//", { proof: "none" }),
    POST("no operation", ""),
  ],
};

/** Versions of objects. */
export const versions: Chapter = {
  name: "versions",
  steps: [
    PUT("before versions", "/k", { body: "null" }),
    set(
      "versioning",
      "?versioning",
      "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>",
    ),
    GET("versioning", "?versioning"),
    PUT("a version", "/k", { body: "one", keep: { v1: "x-amz-version-id" } }),
    PUT("another version", "/k", { body: "two!", keep: { v2: "x-amz-version-id" } }),
    ...reads("the latest", "/k"),
    ...reads("the first", "/k?versionId={{v1}}"),
    ...reads("the one before versions", "/k?versionId=null"),
    ...reads("a version that is none", "/k?versionId=nonsense"),
    GET("all versions", "?versions"),
    GET("two versions", "?versions&max-keys=2"),
    GET("versions by prefix and delimiter", "?versions&prefix=k&delimiter=%2F"),
    GET("versions after a key", "?versions&key-marker=k"),
    GET("versions after a version", "?versions&key-marker=k&version-id-marker={{v2}}"),
    PUT("a copy of the first", "/copy", {
      headers: { "x-amz-copy-source": "/{{bucket}}/k?versionId={{v1}}" },
      keep: { v3: "x-amz-version-id" },
    }),
    ...reads("a copy of the first", "/copy"),
    GET("tags of a version", "/k?tagging&versionId={{v1}}"),
    DELETE("the latest is marked", "/k", { keep: { marker: "x-amz-version-id" } }),
    ...reads("a marked key", "/k"),
    ...reads("the marker", "/k?versionId={{marker}}"),
    GET("all, with a marker", "?list-type=2"),
    GET("all versions, with a marker", "?versions"),
    DELETE("the marker", "/k?versionId={{marker}}"),
    ...reads("the latest again", "/k"),
    DELETE("a version", "/k?versionId={{v2}}"),
    ...reads("the first is the latest", "/k"),
    set(
      "versioning suspended",
      "?versioning",
      "<VersioningConfiguration><Status>Suspended</Status></VersioningConfiguration>",
    ),
    PUT("a null version", "/k", { body: "null again" }),
    ...reads("a null version", "/k"),
    set(
      "versioning that is none",
      "?versioning",
      "<VersioningConfiguration><Status>Maybe</Status></VersioningConfiguration>",
    ),
    GET("all versions at the end", "?versions"),
    PUT("a version of one's own", "/k?versionId={{v1}}", { body: "x" }),
  ],
};
