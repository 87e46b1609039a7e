/** The mailbox of keys: which question goes to which handler, and which secret proves the right to ask it. */
import type { Bus } from "@s3eg/shared/bus/bus.ts";
import {
  checkKeyStore,
  issueDataKey,
  reissueHeader,
  unwrapDataKey,
  unwrapDataKeys,
  unwrapLegacyKey,
} from "@s3eg/shared/contracts/keys.ts";
import type { AnswerGuard } from "@s3eg/shared/trust/answerer.ts";
import { guardedAnswer } from "@s3eg/shared/trust/guarded-answer.ts";
import type { ProveKey } from "./canary.ts";
import { checkKeyStoreAnswerer } from "./check-key-store.ts";
import type { ActiveCustodian, KeyRef } from "./custody/custodian.ts";
import { issueDataKeyAnswerer } from "./issue-data-key.ts";
import type { LegacyKeyStores } from "./legacy/legacy-keys.ts";
import type { Measured } from "./measured.ts";
import { reissueHeaderAnswerer } from "./reissue-header.ts";
import { unwrapDataKeyAnswerer } from "./unwrap-data-key.ts";
import { unwrapDataKeysAnswerer } from "./unwrap-data-keys.ts";
import { unwrapLegacyKeyAnswerer } from "./unwrap-legacy-key.ts";

/** Who may ask what. Absent: only roles of this process. */
export interface Guards {
  /** Data keys, for crypto: KEYS_SECRET. */
  readonly dataKeys: AnswerGuard;
  /** Headers, and whether there is a key store to be used, for edge: SERVICE_SECRET. */
  readonly headers: AnswerGuard;
}

/** Who may ask, and what is measured of it. */
interface Watching {
  readonly guards: Guards | undefined;
  readonly measured: Measured;
  /** Told the key that each data key was opened with. */
  readonly onOpened: (key: KeyRef) => void;
}

/** Answers every question that is keys' to answer. */
export function openInbox(
  bus: Bus,
  {
    custodian,
    legacy,
    prove,
  }: { custodian: ActiveCustodian; legacy: LegacyKeyStores; prove: ProveKey },
  { guards, measured, onOpened }: Watching,
): void {
  const issue = issueDataKeyAnswerer(custodian, prove);
  const unwrap = unwrapDataKeyAnswerer(custodian, onOpened);
  // Each data key counts; so does the question, which may be refused before there is any.
  const unwrapMany = unwrapDataKeysAnswerer(measured("unwrap", unwrap));
  const reissue = reissueHeaderAnswerer(custodian, prove);
  const { dataKeys, headers } = guards ?? {};
  bus.serve(issueDataKey, measured("issue", guardedAnswer(issueDataKey, dataKeys, issue)));
  bus.serve(unwrapDataKey, measured("unwrap", guardedAnswer(unwrapDataKey, dataKeys, unwrap)));
  bus.serve(
    unwrapDataKeys,
    measured("unwrap-many", guardedAnswer(unwrapDataKeys, dataKeys, unwrapMany)),
  );
  const unwrapLegacy = unwrapLegacyKeyAnswerer(legacy);
  bus.serve(
    unwrapLegacyKey,
    measured("unwrap-legacy", guardedAnswer(unwrapLegacyKey, dataKeys, unwrapLegacy)),
  );
  bus.serve(reissueHeader, measured("reissue", guardedAnswer(reissueHeader, headers, reissue)));
  const check = checkKeyStoreAnswerer(custodian);
  bus.serve(checkKeyStore, measured("check", guardedAnswer(checkKeyStore, headers, check)));
}
