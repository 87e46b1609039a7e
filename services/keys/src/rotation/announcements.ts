/**
 * Decisions as others hear of them: audit writes each down, crypto drops the data keys of a retired version. Every replica announces all of
 * them, and audit writes each once. Which were announced is remembered, so that one made while nothing ran is not left out.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Bus } from "@s3eg/shared/bus/bus.ts";
import { keyVersionChanged } from "@s3eg/shared/contracts/audit.ts";
import { versionRetired } from "@s3eg/shared/contracts/keys.ts";
import type { Log } from "@s3eg/shared/runtime/log.ts";
import { replaceFile } from "@s3eg/shared/runtime/replace-file.ts";
import type { NumberedDecision } from "./decision.ts";
import type { VersionStates } from "./version-states.ts";

/** How often it is looked for decisions to announce; they hold at once all the same. */
const LOOK_MS = 250;
/** A replica that remembers nothing announces what is younger: what is older was announced by others. */
const UNKNOWN_SINCE_MS = 24 * 60 * 60 * 1000;

/** Where announcements go. */
export interface Announcing {
  readonly states: VersionStates;
  /** Folder of keys in DATA_DIR. */
  readonly folder: string;
  readonly bus: Bus;
  readonly log: Log;
  /** Called after every decision that was announced, and once at the start. */
  readonly onChange?: () => void;
}

/** Announces, and logs, every decision that was not announced yet, until it is disposed of. */
export function announceDecisions(announcing: Announcing): AsyncDisposable {
  const { states, log, onChange } = announcing;
  const marker = join(announcing.folder, "versions", "announced");
  let announced = readMarker(marker);
  let looking: Promise<void> | undefined;
  let isFailing = false;
  const look = async () => {
    try {
      if (states.revision === announced) return;
      for (const one of states.since(announced ?? 0)) {
        if (announced !== undefined || isYoung(one)) await announce(one, announcing);
      }
      announced = states.revision;
      isFailing = false;
      onChange?.();
      replaceFile(marker, `${announced}\n`);
    } catch (err) {
      if (!isFailing) log.error({ err }, "decisions about key versions can't be announced yet");
      isFailing = true;
    }
  };
  const timer = setInterval(() => {
    looking ??= look().finally(() => {
      looking = undefined;
    });
  }, LOOK_MS);
  timer.unref();
  onChange?.();
  return {
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      await looking;
    },
  };
}

async function announce({ decision }: NumberedDecision, { bus, log }: Announcing): Promise<void> {
  const { change, rotation } = decision;
  const { action, key, rotationId } = change;
  log.warn({ ...key, action }, "key versions were changed");
  if (action === "retired") await bus.publish(versionRetired, key);
  const error = rotationId === undefined ? undefined : rotation?.error;
  await bus.publish(keyVersionChanged, {
    ...{ timestamp: change.timestamp, action, ...key },
    ...(rotationId === undefined ? {} : { rotationId }),
    ...(error === undefined ? {} : { error }),
  });
}

function isYoung({ decision }: NumberedDecision): boolean {
  return Date.parse(decision.change.timestamp) > Date.now() - UNKNOWN_SINCE_MS;
}

function readMarker(path: string): number | undefined {
  if (!existsSync(path)) return undefined;
  const number = Number(readFileSync(path, "utf8").trim());
  return Number.isSafeInteger(number) ? number : undefined;
}
