/** The backend over S3's protocol: addresses, signs, sends, and sends again where that can do no harm. */
import { setTimeout as sleep } from "node:timers/promises";
import { Fault } from "../faults.ts";
import { bodyOfBytes, collectBody } from "../http/body.ts";
import type { Log } from "../runtime/log.ts";
import { SigningKeyCache, signRequest } from "../s3/sigv4.ts";
import type { Backend, BackendRequest, BackendResponse } from "./backend.ts";
import type { BackendObserver } from "./backend-metrics.ts";
import type { BackendTimeouts } from "./bulk-connection.ts";
import { abortReason, type WireRequest, type WireResponse } from "./carrier.ts";
import { type BackendTls, Carriers } from "./carriers.ts";
import type { BackendCredentials } from "./credentials.ts";
import { withoutFraming } from "./framed-upload.ts";
import {
  attemptsOf,
  backoffMs,
  RetryBudget,
  type RetryPolicy,
  type RetryReason,
  retryAfterMs,
  retryReasonOfError,
  retryReasonOfStatus,
} from "./retry.ts";
import { S3Call, streamOf } from "./s3-call.ts";
import { mayBeStale, unlessStale } from "./stale-refusal.ts";

const MAX_TEXT_BYTES = 16 * 1024 * 1024;
/** How servers that know no trailing checksum refuse one: Ceph before 19 finds a wrong hash, others name the header or its value. */
const FRAMES_UNKNOWN =
  /<Code>XAmzContentSHA256Mismatch<|x-amz-(?:content-sha256|trailer|checksum-crc32)|STREAMING-UNSIGNED|aws-chunked/i;

/** Settings of an S3 backend. */
export interface S3BackendSettings {
  /** `http:` or `https:`; a path in it comes before bucket and key. */
  readonly endpoint: URL;
  readonly region: string;
  readonly isPathStyle: boolean;
  readonly credentials: BackendCredentials;
  readonly retry: RetryPolicy;
  readonly timeouts: BackendTimeouts;
  readonly tls?: BackendTls;
  /** Connections to one host: at most so many for requests with bodies and object bytes, and as many again for all others. */
  readonly maxConnections: number;
  /** Whether uploads carry a CRC-32 behind their bytes. `auto`: until the backend shows that it does not know that. */
  readonly uploadChecksum: "auto" | "crc32" | "none";
  readonly log: Pick<Log, "warn">;
  /** Whatever it wants to be told, for metrics. */
  readonly observer?: Partial<BackendObserver>;
}

/**
 * An S3 server. Bodies in memory are signed with their hash; streamed ones are not, over TLS and plain alike, because their hash is not
 * known before they are sent (over plain HTTP nothing but the AEAD of the object then protects them). Objects go in frames with a
 * checksum as trailer where the backend takes that, parts as UNSIGNED-PAYLOAD.
 */
export class S3Backend implements Backend {
  readonly #settings: S3BackendSettings;
  readonly #carriers: Carriers;
  readonly #signingKeys = new SigningKeyCache();
  readonly #budget = new RetryBudget();
  #takesFrames: boolean;

  constructor(settings: S3BackendSettings) {
    this.#settings = settings;
    this.#carriers = new Carriers(settings);
    this.#takesFrames = settings.uploadChecksum !== "none";
  }

  async send(request: BackendRequest): Promise<BackendResponse> {
    try {
      const call = new S3Call(this.#settings, request, { takesFrames: this.#takesFrames });
      const response = toBackendResponse(
        await this.#sendWithRetries(call, attemptsOf(this.#settings.retry, request)),
      );
      return call.isFramed ? await this.#unlessFramesUnknown(response) : response;
    } catch (error) {
      streamOf(request)?.destroy(error);
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#carriers[Symbol.asyncDispose]();
  }

  /** The body is gone and can't be sent again plainly: the client is asked to, and what it sends then passes. */
  async #unlessFramesUnknown(response: BackendResponse): Promise<BackendResponse> {
    if (this.#settings.uploadChecksum !== "auto" || response.status < 400) return response;
    const text = await response.text();
    if (!FRAMES_UNKNOWN.test(text)) {
      return { ...response, body: bodyOfBytes(Buffer.from(text)), text: async () => text };
    }
    this.#takesFrames = false;
    this.#settings.log.warn(
      { status: response.status },
      "backend takes no trailing checksum: uploads go without; set backend.upload_checksum to none, or update the backend",
    );
    throw new Fault("backend.unavailable", "backend takes no trailing checksum");
  }

  async #sendWithRetries(call: S3Call, maxAttempts: number): Promise<WireResponse> {
    let lastMs = 0;
    for (let attempt = 1; ; attempt += 1) {
      const outcome = await this.#attempt(call);
      const { reason } = outcome;
      const ended = { method: call.method, attempts: attempt, gaveUpFor: reason };
      if (reason === undefined) {
        if (outcome.response) this.#budget.refund();
        this.#settings.observer?.onEnd?.(ended);
        return outcomeOf(outcome);
      }
      const delayMs =
        attempt < maxAttempts ? this.#delayBefore({ outcome, attempt, lastMs }) : undefined;
      if (delayMs === undefined || !this.#budget.spend()) {
        this.#settings.observer?.onEnd?.(ended);
        return outcomeOf(outcome);
      }
      outcome.response?.body.destroy();
      this.#tellRetry(call.method, { reason, attempt, delayMs });
      await pause(delayMs, call.signal);
      lastMs = delayMs;
    }
  }

  #delayBefore(last: { outcome: Outcome; attempt: number; lastMs: number }): number | undefined {
    const asked = last.outcome.response?.headers["retry-after"];
    const askedMs = retryAfterMs(asked, Date.now());
    return backoffMs(this.#settings.retry, {
      attempts: last.attempt,
      lastMs: last.lastMs,
      askedMs,
    });
  }

  async #attempt(call: S3Call): Promise<Outcome> {
    const startedAt = performance.now();
    let outcome: Outcome;
    try {
      const response = await this.#exchange(call);
      outcome = { response, reason: retryReasonOfStatus(call, response.status) };
    } catch (error) {
      outcome = { error, reason: retryReasonOfError(call, error) };
    }
    this.#settings.observer?.onAttempt?.({
      method: call.method,
      status: outcome.response?.status,
      durationMs: performance.now() - startedAt,
    });
    return outcome;
  }

  async #exchange(call: S3Call): Promise<WireResponse> {
    const { small, bulk } = this.#carriers.of(call.address.host);
    const request = await this.#signed(call);
    const response = await (call.isBulk ? bulk : small).exchange(request);
    if (call.hasBody || !mayBeStale(response)) return response;
    const certain = await unlessStale(response);
    return certain ?? (await bulk.exchange({ ...(await this.#signed(call)), isFresh: true }));
  }

  async #signed(call: S3Call): Promise<WireRequest> {
    const { credentials, region } = this.#settings;
    const { method, address, headers, identity } = call;
    if (identity === "anonymous") return call.wireRequest({});
    const { rawPath, rawQuery } = address;
    const signature = signRequest(
      { method, rawPath, rawQuery, headers: Object.entries(headers) },
      {
        ...(await credentials.find(identity)),
        region,
        payloadHash: call.payloadHash,
        now: new Date(),
        signingKeys: this.#signingKeys,
      },
    );
    return call.wireRequest(signature);
  }

  #tellRetry(
    method: string,
    retry: { reason: RetryReason; attempt: number; delayMs: number },
  ): void {
    this.#settings.log.warn({ method, ...retry }, "backend request is repeated");
    this.#settings.observer?.onRetry?.({ method, ...retry });
  }
}

/** What one attempt brought: an answer or an error, and why it should be repeated, if it should. */
type Outcome = { readonly reason: RetryReason | undefined } & (
  | { readonly response: WireResponse; readonly error?: never }
  | { readonly response?: never; readonly error: unknown }
);

function outcomeOf(outcome: Outcome): WireResponse {
  if (outcome.response) return outcome.response;
  throw outcome.error;
}

function toBackendResponse({ status, headers, body }: WireResponse): BackendResponse {
  return {
    status,
    headers: withoutFraming(headers),
    body,
    async text(maxBytes = MAX_TEXT_BYTES) {
      const bytes = await collectBody(
        body,
        maxBytes,
        () => new Fault("backend.unavailable", "answer of the backend is too large"),
      );
      return bytes.toString();
    },
  };
}

async function pause(delayMs: number, signal: AbortSignal | undefined): Promise<void> {
  try {
    await sleep(delayMs, undefined, signal ? { signal } : {});
  } catch (error) {
    throw signal?.aborted ? abortReason(signal) : error;
  }
}
