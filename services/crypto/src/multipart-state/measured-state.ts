/** The state of uploads, counted, timed and checked at intervals. */
import { isFault } from "@s3eg/shared/faults.ts";
import type { Log } from "@s3eg/shared/runtime/log.ts";
import type { Counter, Gauge, Histogram, Metrics } from "@s3eg/shared/runtime/metrics.ts";
import type {
  AddedAttempt,
  AttemptRef,
  ListedUpload,
  MultipartState,
  NewAttempt,
  PartAttempt,
  StateHealth,
  UploadRecord,
  UploadRef,
} from "./multipart-state.ts";

/** When the first check is made: a connection has had time to come up. */
const FIRST_CHECK_MS = 1000;

/** From a store in memory to one that times out. */
const LATENCY_BUCKETS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5];

/** What is true of the state that is measured. */
export interface MeasuredStateOptions {
  readonly metrics: Metrics;
  readonly log: Log;
  readonly checkEveryMs: number;
  /** Values are sealed as they are written. */
  readonly isEncrypted: boolean;
  /** Absent for embedded state. Insecure: plaintext, or a server that is not verified. */
  readonly valkey?: { readonly isInsecure: boolean } | undefined;
}

/**
 * MultipartState that counts and times what goes through it to `state`, which it owns. Its own checks keep the metrics fresh, and
 * log when the store stops working and when it works again.
 */
export class MeasuredState implements MultipartState {
  readonly #state: MultipartState;
  readonly #isEncrypted: boolean;
  readonly #ops: Counter<"op" | "result">;
  readonly #latency: Histogram<"op">;
  readonly #encryptedWrites: Counter<"op">;
  readonly #activeUploads: Gauge<never>;
  readonly #valkeyUp: Gauge<never> | undefined;
  readonly #log: Log;
  readonly #checkEveryMs: number;
  #nextCheck: NodeJS.Timeout | undefined;
  #isWorking = true;

  constructor(state: MultipartState, options: MeasuredStateOptions) {
    const { metrics, log, checkEveryMs, isEncrypted, valkey } = options;
    this.#state = state;
    this.#isEncrypted = isEncrypted;
    this.#log = log;
    this.#checkEveryMs = checkEveryMs;
    this.#ops = metrics.counter({
      name: "gateway_mpu_state_store_ops_total",
      help: "Operations on the store of multipart uploads; result success, not_found or failed.",
      labels: ["op", "result"],
    });
    this.#latency = metrics.histogram({
      name: "gateway_mpu_state_store_latency_seconds",
      help: "Time of operations on the store of multipart uploads.",
      labels: ["op"],
      buckets: LATENCY_BUCKETS,
    });
    this.#encryptedWrites = metrics.counter({
      name: "gateway_mpu_state_encrypted_writes_total",
      help: "Values written sealed to the store of multipart uploads.",
      labels: ["op"],
    });
    this.#activeUploads = metrics.gauge({
      name: "gateway_mpu_active_uploads",
      help: "Multipart uploads under way, of all workers that share the store, at its last check.",
    });
    if (valkey) {
      this.#valkeyUp = metrics.gauge({
        name: "gateway_mpu_valkey_up",
        help: "1 if the last operation found Valkey working.",
      });
      const insecure = metrics.gauge({
        name: "gateway_mpu_valkey_insecure",
        help: "1 if the connection to Valkey is plaintext or not verified.",
      });
      insecure.set({}, valkey.isInsecure ? 1 : 0);
    }
    this.#checkIn(Math.min(FIRST_CHECK_MS, checkEveryMs));
  }

  async create(upload: UploadRecord): Promise<void> {
    await this.#write("Create", this.#state.create(upload));
  }

  async find(upload: UploadRef): Promise<UploadRecord | undefined> {
    return await this.#read("Get", this.#state.find(upload));
  }

  async findById(uploadId: string): Promise<UploadRecord | undefined> {
    return await this.#read("Get", this.#state.findById(uploadId));
  }

  async addAttempt(
    upload: UploadRef,
    attempt: NewAttempt,
    parkedCiphertext?: Uint8Array,
  ): Promise<AddedAttempt> {
    const adding = this.#state.addAttempt(upload, attempt, parkedCiphertext);
    return await this.#write(parkedCiphertext ? "ParkPart" : "AppendPart", adding);
  }

  async attempts(upload: UploadRef): Promise<PartAttempt[]> {
    return await this.#read("GetParts", this.#state.attempts(upload));
  }

  async parked(upload: UploadRef, attempt: AttemptRef): Promise<Uint8Array | undefined> {
    return await this.#read("GetParked", this.#state.parked(upload, attempt));
  }

  async unpark(upload: UploadRef, attempt: PartAttempt, backendEtag: string): Promise<void> {
    await this.#write("UnparkPart", this.#state.unpark(upload, attempt, backendEtag));
  }

  async *list(): AsyncGenerator<ListedUpload> {
    const uploads = this.#state.list()[Symbol.asyncIterator]();
    for (;;) {
      const next = await this.#read("List", uploads.next());
      if (next.done === true) return;
      yield next.value;
    }
  }

  async complete(upload: UploadRef, result: string): Promise<void> {
    await this.#write("Complete", this.#state.complete(upload, result));
  }

  async completedResult(upload: UploadRef): Promise<string | undefined> {
    return await this.#read("GetResult", this.#state.completedResult(upload));
  }

  async remove(upload: UploadRef): Promise<void> {
    await this.#read("Delete", this.#state.remove(upload));
  }

  async check(): Promise<StateHealth> {
    const health = await this.#read("HealthCheck", this.#state.check());
    this.#activeUploads.set({}, health.activeUploads);
    return health;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearTimeout(this.#nextCheck);
    this.#nextCheck = undefined;
    await this.#state[Symbol.asyncDispose]();
  }

  #checkIn(ms: number): void {
    const timer = setTimeout(() => {
      this.#watch().then(
        () => this.#nextCheck === timer && this.#checkIn(this.#checkEveryMs),
        (err: unknown) => this.#log.error({ err }, "the check of the store broke"),
      );
    }, ms);
    timer.unref();
    this.#nextCheck = timer;
  }

  async #watch(): Promise<void> {
    const wasWorking = this.#isWorking;
    try {
      await this.check();
      this.#isWorking = true;
      if (!wasWorking) this.#log.info({}, "the store of multipart uploads works again");
    } catch (err) {
      this.#isWorking = false;
      if (wasWorking) this.#log.error({ err }, "the store of multipart uploads does not work");
    }
  }

  async #write<Value>(op: string, working: Promise<Value>): Promise<Value> {
    const value = await this.#read(op, working);
    if (this.#isEncrypted) this.#encryptedWrites.add({ op });
    return value;
  }

  async #read<Value>(op: string, working: Promise<Value>): Promise<Value> {
    const startedAt = performance.now();
    try {
      const value = await working;
      this.#ops.add({ op, result: "success" });
      this.#valkeyUp?.set({}, 1);
      return value;
    } catch (error) {
      const isUnknown = isFault(error, "state.unknown-upload");
      this.#ops.add({ op, result: isUnknown ? "not_found" : "failed" });
      if (isFault(error, "state.unavailable")) this.#valkeyUp?.set({}, 0);
      throw error;
    } finally {
      this.#latency.observe({ op }, (performance.now() - startedAt) / 1000);
    }
  }
}
