/** What a bucket's policy makes of its objects, setting by setting, and who says so: for `s3eg policy explain`. */
import { SUITE } from "@s3eg/shared/format/layout.ts";
import { type BucketPolicy, isNamed, type Policies, type PolicyRule } from "./policy.ts";

/** One setting of a policy. */
interface ExplainedSetting {
  readonly setting: string;
  readonly value: string;
  /** What comes of it. */
  readonly effect: string;
  /** File and line or variable; `default` where nobody says anything. */
  readonly from: string;
}

/** A policy that names the bucket. */
export interface NamingPolicy {
  readonly id: string;
  /** The file or the variables that say it. */
  readonly source: string;
  /** Its first glob that names the bucket. */
  readonly glob: string;
}

/** The policy of an object. */
export interface PolicyExplanation {
  readonly bucket: string;
  readonly key: string;
  /** Undefined where no policy names the bucket: then the defaults hold. */
  readonly policy: NamingPolicy | undefined;
  /** Policies that name the bucket, too, and come later. */
  readonly passedOver: readonly NamingPolicy[];
  readonly settings: readonly ExplainedSetting[];
}

/** Explains it. `defaults`: where the main configuration gives its settings, by dotted path. */
export function explainPolicy(
  policies: Policies,
  { bucket, key }: { bucket: string; key: string },
  defaults: Readonly<Record<string, string>>,
): PolicyExplanation {
  const naming = policies.rules.filter(({ buckets }) =>
    buckets.some((glob) => isNamed(bucket, glob)),
  );
  const [rule, ...others] = naming;
  const policy = policies.of(bucket);
  const settings = SETTINGS.map(({ name, more = [], main, told }): ExplainedSetting => {
    const own = [name, ...more].map((path) => rule?.givenAt?.[path]).find((place) => place);
    const [value, effect] = told(policy, { bucket, key });
    return { setting: name, value, effect, from: own ?? placeOf(main, defaults) };
  });
  return {
    bucket,
    key,
    policy: rule && namingOf(rule, bucket),
    passedOver: others.map((other) => namingOf(other, bucket)),
    settings,
  };
}

function placeOf(main: readonly string[] = [], defaults: Readonly<Record<string, string>>): string {
  const path = main.find((name) => defaults[name] !== undefined);
  return path === undefined ? "default" : `${path} (${defaults[path]})`;
}

function namingOf({ id, source = "", buckets }: PolicyRule, bucket: string): NamingPolicy {
  return { id, source, glob: buckets.find((glob) => isNamed(bucket, glob)) ?? "" };
}

interface Explained {
  /** As in a policy file. */
  readonly name: string;
  /** Other settings of the file that say the same. */
  readonly more?: readonly string[];
  /** Settings of the main configuration that hold where the policy says nothing. */
  readonly main?: readonly string[];
  readonly told: (
    policy: BucketPolicy,
    place: { bucket: string; key: string },
  ) => readonly [value: string, effect: string];
}

const CONTENTS = {
  sealed: "objects are sealed; plain ones that lie there are refused",
  "sealed+legacy": "objects are sealed; those of the earlier format are read, plain ones refused",
  mixed: "objects are sealed; plain ones that lie there are read, and each reading is reported",
  "pass-through": "objects are stored and read as they are, without encryption",
} as const;

const ANONYMOUS = {
  refuse: "requests without a signature are refused",
  read: "requests without a signature may read and list, as far as the backend lets anybody",
  pass: "requests without a signature go to the backend as they come",
} as const;

const either = (isSo: boolean | undefined, yes: string, no: string) =>
  [String(isSo ?? false), isSo ? yes : no] as const;

const SETTINGS: readonly Explained[] = [
  {
    name: "contents",
    more: ["disable_encryption"],
    main: ["encryption.password", "encryption.key_file", "encryption.former_passwords"],
    told: ({ contents }) => [contents, CONTENTS[contents]],
  },
  {
    name: "encrypt_multipart_uploads",
    told: ({ encryptsMultipart = true }) =>
      either(
        encryptsMultipart,
        "objects uploaded in parts are treated like others",
        "objects uploaded in parts are stored as they are, without encryption",
      ),
  },
  {
    name: "require_encryption",
    told: ({ requiresEncryption }) =>
      either(requiresEncryption, "nothing is stored or copied unsealed", "no further demand"),
  },
  {
    name: "encryption.preferred_algorithm",
    main: ["encryption.preferred_algorithm"],
    told: ({ suite }) => [
      suite === SUITE.aes256Gcm ? "AES256-GCM" : "ChaCha20-Poly1305",
      "suite of new objects",
    ],
  },
  {
    name: "encryption.key_manager",
    more: ["encryption.key_manager.provider"],
    told: ({ keyWish }) =>
      keyWish
        ? [
            `${keyWish.provider}${keyWish.keyId === undefined ? "" : ` ${keyWish.keyId}`}`,
            "data keys are wrapped under this key, or the request is refused",
          ]
        : ["none", "data keys are wrapped under the active key"],
  },
  {
    name: "bind_as",
    told: ({ bindAs }, { bucket, key }) => [
      bindAs ?? bucket,
      `envelopes open for ${JSON.stringify(`${bindAs ?? bucket}/${key}`)} alone`,
    ],
  },
  {
    name: "metadata",
    main: ["objects.metadata"],
    told: ({ metadata = "plain" }) => [
      metadata,
      metadata === "sealed"
        ? "the backend sees neither user metadata nor content headers of new objects"
        : "metadata are stored as they are",
    ],
  },
  {
    name: "etag",
    main: ["objects.etag"],
    told: ({ etag }) => [
      etag,
      etag === "md5"
        ? "clients see the MD5 of the plaintext"
        : "clients see a tag that is no MD5, made of the backend's",
    ],
  },
  {
    name: "checksum",
    main: ["objects.checksum"],
    told: ({ checksum }) => [
      checksum,
      checksum === "always"
        ? "every object gets a checksum"
        : "objects have the checksum that their client sent",
    ],
  },
  {
    name: "sse",
    told: ({ sse = "pass" }) => [
      sse,
      sse === "pass"
        ? "requests for the backend's own encryption go to it"
        : "requests for the backend's own encryption are NotImplemented",
    ],
  },
  {
    name: "anonymous",
    told: ({ anonymous = "refuse" }) => [anonymous, ANONYMOUS[anonymous]],
  },
  {
    name: "require_tls",
    told: ({ requiresTls }) =>
      either(requiresTls, "requests over plain HTTP are AccessDenied", "plain HTTP is taken"),
  },
  {
    name: "max_object_size",
    main: [],
    told: ({ maxObjectBytes }) =>
      maxObjectBytes === undefined
        ? ["none", "objects may be as large as S3 takes"]
        : [`${maxObjectBytes}`, "more plaintext bytes are EntityTooLarge"],
  },
  {
    name: "disallow_lock_bypass",
    told: ({ disallowsLockBypass }) =>
      either(
        disallowsLockBypass,
        "nobody may bypass governance retention",
        "the backend says who may bypass governance retention",
      ),
  },
  {
    name: "rate_limit",
    more: ["rate_limit.enabled"],
    told: ({ rate }) =>
      rate
        ? [
            `${rate.limit} in ${rate.windowMs} ms by ${rate.by}`,
            "more requests are SlowDown, beside the limit of the server",
          ]
        : ["none", "the limit of the server alone holds"],
  },
  {
    name: "no_cache",
    told: ({ noCache }) =>
      either(noCache, "nothing is kept in the response cache", "small objects may be kept in it"),
  },
];
