/**
 * The jobs as they lie where edges share them, with a MAC under SERVICE_SECRET: whoever controls the broker can begin no job, and change
 * nothing of one (ARCHITECTURE.md, "Trust between services").
 */
import { Job } from "@s3eg/shared/contracts/jobs.ts";
import type { Secret } from "@s3eg/shared/runtime/secret.ts";
import { canonicalJson } from "@s3eg/shared/trust/canonical-json.ts";
import { DerivedMac } from "@s3eg/shared/trust/derived-mac.ts";
import { z } from "zod";

/** All jobs, and the number of the change that made them so. */
const Jobs = z.strictObject({ number: z.int().nonnegative(), jobs: z.array(Job) });
export type Jobs = z.infer<typeof Jobs>;

const Signed = Jobs.extend({ mac: z.base64() });

/** Signs and checks in the name of everyone who holds the secret, for one place where jobs are kept. */
export class JobSeal {
  readonly #mac: DerivedMac | undefined;
  readonly #place: string;

  /** Without a secret, in a folder of this host alone, nothing is proven. `place`: what is signed for one is not taken at another. */
  constructor(secret: Secret<Uint8Array> | undefined, place: string) {
    this.#mac = secret && new DerivedMac(secret, "s3eg/2/jobs");
    this.#place = place;
  }

  sign(jobs: Jobs): Buffer {
    const mac = this.#mac?.of(this.#covered(jobs)).toString("base64") ?? "";
    return Buffer.from(JSON.stringify({ ...jobs, mac }));
  }

  /** The jobs in kept bytes; undefined for what no holder of the secret has written. */
  open(bytes: Uint8Array): Jobs | undefined {
    const signed = Signed.safeParse(jsonOf(bytes));
    if (!signed.success) return undefined;
    const { mac, ...jobs } = signed.data;
    const given = Buffer.from(mac, "base64");
    const isGenuine = this.#mac?.isOf(this.#covered(jobs), given) ?? given.byteLength === 0;
    return isGenuine ? jobs : undefined;
  }

  #covered(jobs: Jobs): string {
    return canonicalJson([this.#place, jobs]);
  }
}

function jsonOf(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString());
  } catch {
    return undefined;
  }
}
