/** The policy of a form: what its signer allows to be uploaded with it (S3 API, "POST Policy"). */
import { s3Error } from "../s3/errors.ts";

/** A policy, read and not yet held against a form. */
export interface PostPolicy {
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
  readonly conditions: readonly Condition[];
}

type Condition =
  | { readonly kind: "eq" | "starts-with"; readonly field: string; readonly value: string }
  | { readonly kind: "content-length-range"; readonly min: number; readonly max: number };

/** What is held against a policy. */
export interface PostedFacts {
  /** By lower-case name, `bucket` among them, and the key as it will be. */
  readonly fields: ReadonlyMap<string, string>;
  readonly sizeBytes: number;
  readonly now: Date;
}

/** Fields that no condition has to speak of, beside those that begin with `x-ignore-`. */
const UNCONDITIONED = new Set(["awsaccesskeyid", "signature", "policy", "x-amz-signature", "file"]);

/** Reads a policy document from its base64. Throws `InvalidPolicyDocument`. */
export function parsePostPolicy(encoded: string): PostPolicy {
  let document: unknown;
  try {
    document = JSON.parse(Buffer.from(encoded, "base64").toString("utf8"));
  } catch (cause) {
    throw invalid("Invalid JSON.", cause);
  }
  if (!isObject(document)) throw invalid("Policy is not a JSON object.");
  // Names are case-sensitive here, other than in conditions.
  const { expiration, conditions } = document;
  if (expiration === undefined) throw invalid("Policy missing expiration.");
  if (conditions === undefined) throw invalid("Policy missing conditions.");
  if (!Array.isArray(conditions)) throw invalid("Conditions must be a list.");
  return { expiresAt: momentOf(expiration), conditions: conditions.map(conditionOf) };
}

/** Throws `AccessDenied` unless the form is what the policy allows, `EntityTooSmall` and `EntityTooLarge` for its file. */
export function checkPostPolicy(policy: PostPolicy, facts: PostedFacts): void {
  if (facts.now.getTime() >= policy.expiresAt) throw denied("Policy expired.");
  const covered = new Set<string>();
  for (const condition of policy.conditions) {
    if (condition.kind === "content-length-range") {
      checkSize(condition, facts.sizeBytes);
      continue;
    }
    covered.add(condition.field);
    if (!holds(condition, facts.fields.get(condition.field) ?? "")) {
      const words = [condition.kind, `$${condition.field}`, condition.value];
      throw denied(`Policy Condition failed: ${JSON.stringify(words)}`);
    }
  }
  for (const name of facts.fields.keys()) {
    if (UNCONDITIONED.has(name) || name.startsWith("x-ignore-") || covered.has(name)) continue;
    throw denied(`Extra input fields: ${name}`);
  }
}

function checkSize({ min, max }: { min: number; max: number }, sizeBytes: number): void {
  if (sizeBytes < min) {
    throw s3Error("EntityTooSmall", { fields: { ProposedSize: sizeBytes, MinSizeAllowed: min } });
  }
  if (sizeBytes > max) {
    throw s3Error("EntityTooLarge", { fields: { ProposedSize: sizeBytes, MaxSizeAllowed: max } });
  }
}

function holds({ kind, field, value }: Exclude<Condition, { min: number }>, given: string) {
  const isMet = (one: string, wanted: string) =>
    kind === "eq" ? one === wanted : one.startsWith(wanted);
  // A list of content types must consist of allowed ones (S3 API, "Condition Matching").
  const parts = field === "content-type" && kind === "starts-with" ? given.split(",") : [given];
  return parts.every((part) => isMet(part.trim(), value) || isMet(part, value));
}

function conditionOf(condition: unknown): Condition {
  if (Array.isArray(condition)) return listCondition(condition);
  if (!isObject(condition)) throw invalid("Conditions must be objects or lists.");
  const entries = Object.entries(condition);
  const [entry] = entries;
  if (!entry || entries.length !== 1) {
    throw invalid(
      "Invalid Simple-Condition: Simple-Conditions must have exactly one property specified.",
    );
  }
  const [name, value] = entry;
  if (typeof value !== "string") {
    throw invalid("Invalid Simple-Condition: value must be a string.");
  }
  return { kind: "eq", field: name.toLowerCase(), value };
}

function listCondition(list: readonly unknown[]): Condition {
  const [operator, first, second] = list;
  const kind = typeof operator === "string" ? operator.toLowerCase() : "";
  if (kind === "content-length-range") {
    const [min, max] = [byteCount(first), byteCount(second)];
    if (list.length !== 3 || min === undefined || max === undefined) {
      throw invalid("Invalid content-length-range: it needs two sizes in bytes.");
    }
    return { kind, min, max };
  }
  if ((kind !== "eq" && kind !== "starts-with") || list.length !== 3) {
    throw invalid("Invalid Condition: it must be eq, starts-with or content-length-range.");
  }
  if (typeof first !== "string" || !/^\$./.test(first) || typeof second !== "string") {
    throw invalid(`Invalid Condition: ${kind} needs a $field and a text.`);
  }
  return { kind, field: first.slice(1).toLowerCase(), value: second };
}

function byteCount(value: unknown): number | undefined {
  const number = typeof value === "string" && /^\d{1,15}$/.test(value) ? Number(value) : value;
  return typeof number === "number" && Number.isSafeInteger(number) && number >= 0
    ? number
    : undefined;
}

function momentOf(expiration: unknown): number {
  const isTimestamp =
    typeof expiration === "string" &&
    /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z$/.test(expiration);
  const moment = isTimestamp ? Date.parse(expiration) : Number.NaN;
  if (!Number.isNaN(moment)) return moment;
  throw invalid("Invalid 'expiration' value.");
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function invalid(what: string, cause?: unknown) {
  return s3Error("InvalidPolicyDocument", { message: `Invalid Policy: ${what}`, cause });
}

function denied(what: string) {
  return s3Error("AccessDenied", { message: `Invalid according to Policy: ${what}` });
}
