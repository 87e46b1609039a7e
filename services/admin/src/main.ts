/** Starts admin. */
import assert from "node:assert/strict";
import { type Listening, serveAnswers } from "@s3eg/shared/runtime/answer-server.ts";
import type { Log } from "@s3eg/shared/runtime/log.ts";
import type { ServerCertificate } from "@s3eg/shared/runtime/server-certificate.ts";
import { adminMetrics } from "./admin-metrics.ts";
import { answerAtDoor } from "./door.ts";
import type { Sights } from "./inbox.ts";
import type { Office } from "./office.ts";
import { openDoor } from "./open-door.ts";
import { openOperatorTrail } from "./operator-trail.ts";
import { openWatch, type WatchProofs } from "./watch/watch.ts";

/** What admin is started with. */
export interface AdminParts extends Office, Omit<Sights, "watch"> {
  readonly log: Log;
  /** That of its listener, where `admin.tls.enabled`. */
  readonly certificate: ServerCertificate | undefined;
  /** By what announcements are believed; absent where all roles are in this process. */
  readonly proofs: WatchProofs | undefined;
  /** Whether what operators do is for the audit trail, too. */
  readonly isAudited: boolean;
}

/**
 * Starts the admin API on its own listener. Undefined without `admin.enabled`. `config.invalid` if the token cannot be used;
 * a port that is taken is the system's error.
 */
export async function startAdmin(given: AdminParts): Promise<Listening | undefined> {
  const { config, certificate, log } = given;
  const answered = adminMetrics(given.metrics, config.enabled);
  if (!config.enabled) return undefined;
  assert.equal(certificate !== undefined, config.tls.enabled, "TLS goes with a certificate");
  await using stack = new AsyncDisposableStack();
  const watch = stack.use(openWatch(given));
  const operators = stack.use(openOperatorTrail(given));
  const door = await openDoor({ ...given, answered, operators }, { ...given, watch });
  const listening = await serveAnswers({
    address: config.address,
    answer: (request) => answerAtDoor(request, door),
    log,
    maxHeaderBytes: config.max_header_bytes,
    tls: certificate,
  });
  stack.use(listening);
  const held = stack.move();
  return { ...listening, [Symbol.asyncDispose]: () => held.disposeAsync() };
}
