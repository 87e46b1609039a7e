/** Listings in every form, of keys that are hard to write, and deletes of many keys. */
import { type Chapter, DELETE, GET, POST, PUT, reads } from "../step.ts";

const KEYS = [
  "a",
  "b/1",
  "b/2",
  "b/c/3",
  "blank%20blank",
  "d%2Be",
  "e%26f%3Cg%3E",
  "gr%C3%BCn",
  "h%27i%22j",
  "k%25l",
  "z",
];

/** ListObjects, ListObjectsV2 and what they may be asked. */
export const listings: Chapter = {
  name: "listings",
  steps: [
    GET("nothing", "?list-type=2"),
    GET("nothing, v1", ""),
    ...KEYS.map((key, at) => PUT("a key", `/${key}`, { body: "x".repeat(at) })),
    GET("all, v1", ""),
    GET("all", "?list-type=2"),
    GET("with owners", "?list-type=2&fetch-owner=true"),
    GET("without owners", "?list-type=2&fetch-owner=false"),
    GET("another list type", "?list-type=3"),
    ...["", "list-type=2&"].flatMap((version) => [
      GET("URL-encoded", `?${version}encoding-type=url`),
      GET("an encoding nobody knows", `?${version}encoding-type=base64`),
      GET("by delimiter", `?${version}delimiter=%2F`),
      GET("by delimiter, URL-encoded", `?${version}delimiter=%2F&encoding-type=url`),
      GET("prefix", `?${version}prefix=b%2F`),
      GET("prefix and delimiter", `?${version}prefix=b%2F&delimiter=%2F`),
      GET("prefix of nothing", `?${version}prefix=nothing`),
      GET("a delimiter of two characters", `?${version}delimiter=%2F1`),
      GET("a delimiter nobody has", `?${version}delimiter=%7C`),
      GET("an empty prefix and delimiter", `?${version}prefix=&delimiter=`),
      GET("no keys at all", `?${version}max-keys=0`),
      GET("more than there may be", `?${version}max-keys=5000`),
      GET("max-keys that is no number", `?${version}max-keys=many`),
      GET("max-keys below zero", `?${version}max-keys=-1`),
    ]),
    GET("two of them, v1", "?max-keys=2"),
    GET("after a marker", "?marker=b%2F1"),
    GET("two by delimiter", "?max-keys=2&delimiter=%2F"),
    GET("after a prefix as marker", "?marker=b%2F&delimiter=%2F"),
    GET("two of them", "?list-type=2&max-keys=2", {
      keep: { next: /<NextContinuationToken>([^<]*)</ },
    }),
    GET("the next two", "?list-type=2&max-keys=2&continuation-token={{next}}", {
      keep: { next2: /<NextContinuationToken>([^<]*)</ },
    }),
    GET("the rest", "?list-type=2&continuation-token={{next2}}"),
    GET("start-after", "?list-type=2&start-after=b%2F1"),
    GET("start-after and prefix", "?list-type=2&start-after=b%2F1&prefix=b%2F"),
    GET("of no bucket", "//no-such-bucket-here?list-type=2"),
    GET("presigned", "?list-type=2", { proof: "presigned" }),
    GET("by nobody", "?list-type=2", { proof: "none" }),
  ],
};

/** Keys that need care on every way. */
export const keys: Chapter = {
  name: "keys",
  steps: [
    ...[
      ...KEYS,
      "dots/a.b..c",
      "tilde~x",
      "%2Aa%28b%29%21",
      "%F0%9F%90%88",
      "a%3Fb%23c",
      "semi%3Bcolon%2C%3D%40%3A%24",
    ].flatMap((key) => [PUT("a key", `/${key}`, { body: key }), ...reads("a key", `/${key}`)]),
    PUT("a key too long", `/${"l/".repeat(513)}`, { body: "x" }),
    PUT("a folder", "/folder/", { body: "" }),
    ...reads("a folder", "/folder/"),
    DELETE("a folder", "/folder/"),
    GET("all", "?list-type=2&encoding-type=url"),
    GET("all, in XML", "?list-type=2"),
    POST("many keys", "?delete", {
      headers: { "content-md5": "{{md5}}" },
      body: `<Delete>${KEYS.map((key) => `<Object><Key>${decodeURIComponent(key).replaceAll("&", "&amp;").replaceAll("<", "&lt;")}</Key></Object>`).join("")}<Object><Key>not there</Key></Object></Delete>`,
    }),
    GET("what is left", "?list-type=2"),
    POST("quietly", "?delete", {
      headers: { "content-md5": "{{md5}}" },
      body: "<Delete><Quiet>true</Quiet><Object><Key>tilde~x</Key></Object></Delete>",
    }),
    POST("nothing", "?delete", {
      headers: { "content-md5": "{{md5}}" },
      body: "<Delete></Delete>",
    }),
    POST("no XML", "?delete", { headers: { "content-md5": "{{md5}}" }, body: "this is no XML" }),
    POST("another document", "?delete", {
      headers: { "content-md5": "{{md5}}" },
      body: "<Other><Object><Key>a</Key></Object></Other>",
    }),
    POST("another digest", "?delete", {
      headers: { "content-md5": "nddmYSGWY4zEpzdtmzhZ7g==" },
      body: "<Delete><Object><Key>a</Key></Object></Delete>",
    }),
    GET("what is left at the end", "?list-type=2"),
    PUT("a key that is not UTF-8", "/%ff%fe", { body: "x" }),
  ],
};
