/** Starts admin. */
import assert from "node:assert/strict";
import { type Listening, serveAnswers } from "@s3eg/shared/runtime/answer-server.ts";
import type { Log } from "@s3eg/shared/runtime/log.ts";
import { RateLimit } from "@s3eg/shared/runtime/rate-limit.ts";
import type { ServerCertificate } from "@s3eg/shared/runtime/server-certificate.ts";
import { adminMetrics } from "./admin-metrics.ts";
import type { AdminSection } from "./config.ts";
import { answerAtDoor, type DoorParts } from "./door.ts";
import { openAnswers, openInbox, type Sights } from "./inbox.ts";
import type { Office } from "./office.ts";
import { fileToken, inlineToken, type TokenKeeper } from "./token.ts";
import { openWatch, type WatchProofs } from "./watch/watch.ts";

/** Who watches asks far more often than who acts: a console that is open asks every few seconds. */
const READS_PER_CHANGE = 20;

/** What admin is started with. */
export interface AdminParts extends Office, Omit<Sights, "watch"> {
  readonly log: Log;
  /** That of its listener, where `admin.tls.enabled`. */
  readonly certificate: ServerCertificate | undefined;
  /** By what announcements are believed; absent where all roles are in this process. */
  readonly proofs: WatchProofs | undefined;
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
  const perMinute = config.rate_limit.requests_per_minute;
  const door: DoorParts = {
    token: await tokenKeeper(config.auth, log),
    health: given.health,
    openAnswers: openAnswers(),
    endpoints: openInbox(given, { ...given, watch }),
    requests: new RateLimit({ limit: perMinute, windowMs: 60_000 }),
    reads: new RateLimit({ limit: perMinute * READS_PER_CHANGE, windowMs: 60_000 }),
    failures: new RateLimit({ limit: Math.max(1, Math.floor(perMinute / 3)), windowMs: 60_000 }),
    answered,
    log,
  };
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

async function tokenKeeper(auth: AdminSection["auth"], log: Log): Promise<TokenKeeper> {
  return auth.token ? inlineToken(auth.token) : await fileToken(auth.token_file ?? "", log);
}
