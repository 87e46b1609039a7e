/** Makes the door: the token, how often who may come, and what is behind it. */
import type { Log } from "@s3eg/shared/runtime/log.ts";
import { RateLimit } from "@s3eg/shared/runtime/rate-limit.ts";
import type { AdminSection } from "./config.ts";
import type { DoorParts } from "./door.ts";
import { openAnswers, openInbox, type Sights } from "./inbox.ts";
import type { Office } from "./office.ts";
import { fileToken, inlineToken, type TokenKeeper } from "./token.ts";

/** Who watches asks far more often than who acts: a console that is open asks every few seconds. */
const READS_PER_CHANGE = 20;
const WINDOW_MS = 60_000;

/** `config.invalid` if the token cannot be used. */
export async function openDoor(
  office: Office & Pick<DoorParts, "log" | "answered" | "operators">,
  sights: Sights,
): Promise<DoorParts> {
  const { config, health, log, answered, operators } = office;
  const { requests_per_minute: perMinute } = config.rate_limit;
  const failures = Math.max(1, Math.floor(perMinute / 3));
  return {
    token: await tokenKeeper(config.auth, log),
    health,
    openAnswers: openAnswers(),
    endpoints: openInbox(office, sights),
    requests: new RateLimit({ limit: perMinute, windowMs: WINDOW_MS }),
    reads: new RateLimit({ limit: perMinute * READS_PER_CHANGE, windowMs: WINDOW_MS }),
    failures: new RateLimit({ limit: failures, windowMs: WINDOW_MS }),
    answered,
    operators,
    log,
  };
}

async function tokenKeeper(auth: AdminSection["auth"], log: Log): Promise<TokenKeeper> {
  return auth.token ? inlineToken(auth.token) : await fileToken(auth.token_file ?? "", log);
}
