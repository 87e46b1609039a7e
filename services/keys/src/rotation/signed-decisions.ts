/**
 * The last decisions as they lie where replicas of keys share them, with a MAC under KEYS_SECRET: whoever controls the broker can't make
 * one up, nor change or leave out one of those that are there (ARCHITECTURE.md, "Trust between services").
 */
import type { Secret } from "@s3eg/shared/runtime/secret.ts";
import { canonicalJson } from "@s3eg/shared/trust/canonical-json.ts";
import { DerivedMac } from "@s3eg/shared/trust/derived-mac.ts";
import { z } from "zod";
import { Decision, type NumberedDecision } from "./decision.ts";

/** Decisions told at a time, the last ones: for the audit trail of replicas that were away. Each holds everything that counts. */
export const MAX_TOLD = 64;

const Signed = z.strictObject({
  /** In rising order. */
  decisions: z
    .array(z.strictObject({ number: z.int().positive(), decision: Decision }))
    .min(1)
    .max(MAX_TOLD)
    .refine((all) =>
      all.every(({ number }, at) => at === 0 || number > (all[at - 1]?.number ?? 0)),
    ),
  mac: z.base64(),
});

/** Signs and checks in the name of everyone who holds the secret, for one place where decisions are shared. */
export class DecisionSeal {
  readonly #mac: DerivedMac;
  readonly #place: string;

  /** `place`: what is signed for one is not taken at another. */
  constructor(secret: Secret<Uint8Array>, place: string) {
    this.#mac = new DerivedMac(secret, "s3eg/2/version-decisions");
    this.#place = place;
  }

  /** The bytes to share; of more than `MAX_TOLD` decisions the last ones. */
  sign(decisions: readonly NumberedDecision[]): Buffer {
    const told = decisions.slice(-MAX_TOLD);
    const mac = this.#mac.of(this.#covered(told)).toString("base64");
    return Buffer.from(JSON.stringify({ decisions: told, mac }));
  }

  /** The decisions in shared bytes, at least one; undefined for what no holder of the secret has written. */
  open(bytes: Uint8Array): readonly NumberedDecision[] | undefined {
    const signed = Signed.safeParse(jsonOf(bytes));
    if (!signed.success) return undefined;
    const { decisions, mac } = signed.data;
    const isGenuine = this.#mac.isOf(this.#covered(decisions), Buffer.from(mac, "base64"));
    return isGenuine ? decisions : undefined;
  }

  #covered(decisions: readonly NumberedDecision[]): string {
    return canonicalJson([this.#place, decisions]);
  }
}

function jsonOf(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString());
  } catch {
    return undefined;
  }
}
