/** The token that keys shows to OpenBao or Vault: got by a login, renewed while it lasts, and replaced when it is refused. */
import { Fault } from "@s3eg/shared/faults.ts";
import type { Log } from "@s3eg/shared/runtime/log.ts";
import { Secret } from "@s3eg/shared/runtime/secret.ts";
import { z } from "zod";
import type { KeyStoreAnswer, KeyStoreHttp } from "../remote/key-store-http.ts";
import { faultOf, parsed } from "./transit-answers.ts";

/** How to log in. What is read from files is read at each login, because others replace it. */
export type LoginMethod =
  | { readonly kind: "token"; readonly readToken: () => Promise<Secret> }
  | {
      /** AppRole and Kubernetes: both post a few fields to their mount. */
      readonly kind: "post";
      readonly mount: string;
      readonly readFields: () => Promise<Readonly<Record<string, string>>>;
    };

/** What a login is made with. */
export interface LoginParts {
  readonly http: KeyStoreHttp;
  readonly namespace: string | undefined;
  readonly method: LoginMethod;
  /** For one request, in milliseconds. */
  readonly timeoutMs: number;
  readonly log: Log;
  /** Told of every login, for metrics: whether there is a token now. */
  readonly onLogin?: ((isGood: boolean) => void) | undefined;
  /** Clock in milliseconds, for tests. */
  readonly now?: () => number;
}

/** A token and how long it lasts. */
interface Session {
  readonly token: Secret;
  /** 0: for ever. */
  readonly ttlSeconds: number;
  readonly isRenewable: boolean;
  readonly sinceMs: number;
}

const Auth = z.object({
  auth: z.object({
    client_token: z.string().min(1),
    lease_duration: z.number().min(0).default(0),
    renewable: z.boolean().default(false),
  }),
});
const Lookup = z.object({
  data: z.object({ ttl: z.number().default(0), renewable: z.boolean().default(false) }),
});

/** Refusals do not become logins without a pause. */
const PAUSE_MS = 1000;
/** Renewed after this share of its life. */
const RENEW_AT = 2 / 3;
const MAX_TIMER_MS = 2 ** 31 - 1;

/** Logs in when a token is first needed. */
export class TransitLogin implements AsyncDisposable {
  readonly #parts: LoginParts;
  readonly #now: () => number;
  #session: Session | undefined;
  #loggingIn: Promise<Session> | undefined;
  #lastFailure: { readonly fault: unknown; readonly untilMs: number } | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(parts: LoginParts) {
    this.#parts = parts;
    this.#now = parts.now ?? (() => performance.now());
  }

  /** A token that was good when it was last seen. `keys.denied` if the login is refused. */
  async token(): Promise<Secret> {
    if (this.#session && !this.#isOver(this.#session)) return this.#session.token;
    return (await this.#logIn()).token;
  }

  /** The server did not take the token. True if there may be a better one. */
  refused(token: Secret): boolean {
    const session = this.#session;
    if (session?.token !== token) return true;
    if (this.#now() - session.sinceMs < PAUSE_MS) return false;
    this.#session = undefined;
    return true;
  }

  /** Headers of every request. */
  headers(token?: Secret): Record<string, string> {
    const { namespace } = this.#parts;
    return {
      "content-type": "application/json",
      "x-vault-request": "true",
      ...(namespace === undefined ? {} : { "x-vault-namespace": namespace }),
      ...(token ? { "x-vault-token": token.reveal() } : {}),
    };
  }

  /** Gives back a token that a login made. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    const session = this.#session;
    this.#session = undefined;
    if (!session || this.#parts.method.kind === "token") return;
    try {
      await this.#post("/v1/auth/token/revoke-self", {}, session.token);
    } catch (error) {
      this.#parts.log.debug({ err: error }, "the token was not given back; it will expire");
    }
  }

  #isOver({ ttlSeconds, sinceMs }: Session): boolean {
    return ttlSeconds > 0 && this.#now() - sinceMs >= ttlSeconds * 1000;
  }

  async #logIn(): Promise<Session> {
    if (this.#lastFailure && this.#now() < this.#lastFailure.untilMs) throw this.#lastFailure.fault;
    this.#loggingIn ??= this.#newSession()
      .then((session) => {
        this.#begin(session);
        return session;
      })
      .catch((fault: unknown) => {
        this.#lastFailure = { fault, untilMs: this.#now() + PAUSE_MS };
        throw fault;
      })
      .finally(() => {
        this.#loggingIn = undefined;
      });
    return await this.#loggingIn;
  }

  async #newSession(): Promise<Session> {
    let isGood = false;
    try {
      const session = await this.#login();
      isGood = true;
      return session;
    } finally {
      this.#parts.onLogin?.(isGood);
    }
  }

  async #login(): Promise<Session> {
    const { method } = this.#parts;
    if (method.kind === "token") return await this.#lookUp(await credentials(method.readToken));
    const fields = await credentials(method.readFields);
    const answer = await this.#post(`/v1/auth/${method.mount}/login`, fields);
    if (answer.status !== 200) throw refusedLogin(answer);
    return this.#sessionOf(answer);
  }

  /** How long a given token lasts. One that may not look itself up is taken for one that needs no renewal. */
  async #lookUp(token: Secret): Promise<Session> {
    const answer = await this.#send({ method: "GET", path: "/v1/auth/token/lookup-self", token });
    if (answer.status === 200) {
      const { ttl, renewable } = parsed(answer, Lookup).data;
      return { token, ttlSeconds: ttl, isRenewable: renewable, sinceMs: this.#now() };
    }
    const fault = faultOf(answer);
    if (fault.isRetryable) throw fault;
    return { token, ttlSeconds: 0, isRenewable: false, sinceMs: this.#now() };
  }

  #sessionOf(answer: KeyStoreAnswer): Session {
    const { client_token, lease_duration, renewable } = parsed(answer, Auth).auth;
    const token = new Secret(client_token);
    const sinceMs = this.#now();
    return { token, ttlSeconds: lease_duration, isRenewable: renewable, sinceMs };
  }

  #begin(session: Session): void {
    if (this.#isClosed) return;
    this.#session = session;
    clearTimeout(this.#timer);
    if (session.ttlSeconds === 0) return;
    const afterMs = Math.max(PAUSE_MS, session.ttlSeconds * 1000 * RENEW_AT);
    this.#timer = setTimeout(
      () => {
        this.#renew(session).catch((error: unknown) => {
          this.#parts.log.warn({ err: error }, "the token of the key store was not renewed");
        });
      },
      Math.min(afterMs, MAX_TIMER_MS),
    );
    this.#timer.unref();
  }

  /** Lengthens the token; a login takes its place where that does not help any more. */
  async #renew(session: Session): Promise<void> {
    if (session.isRenewable) {
      const answer = await this.#post("/v1/auth/token/renew-self", {}, session.token);
      const renewed = answer.status === 200 ? this.#sessionOf(answer) : undefined;
      // At the end of its longest life a renewal succeeds and gives no time.
      if (renewed && renewed.ttlSeconds > session.ttlSeconds / 2) {
        this.#begin({ ...renewed, token: session.token });
        return;
      }
    }
    this.#begin(await this.#newSession());
  }

  async #post(path: string, fields: unknown, token?: Secret): Promise<KeyStoreAnswer> {
    const body = Buffer.from(JSON.stringify(fields));
    try {
      return await this.#send({ method: "POST", path, body, token });
    } finally {
      body.fill(0);
    }
  }

  async #send(asked: {
    method: "GET" | "POST";
    path: string;
    body?: Buffer;
    token?: Secret | undefined;
  }): Promise<KeyStoreAnswer> {
    const { http, timeoutMs } = this.#parts;
    const { method, path, body, token } = asked;
    const request = { method, path, headers: this.headers(token), ...(body ? { body } : {}) };
    return await http.send(request, AbortSignal.timeout(timeoutMs));
  }
}

/** What is not there any more while the gateway runs is a login that fails, and no wrong setting. */
async function credentials<Read>(read: () => Promise<Read>): Promise<Read> {
  try {
    return await read();
  } catch (cause) {
    throw new Fault("keys.denied", "the credentials for the key store can't be read", { cause });
  }
}

function refusedLogin(answer: KeyStoreAnswer): Fault {
  const fault = faultOf(answer);
  if (fault.isRetryable) return fault;
  const message = `the key store refuses the login (status ${answer.status})`;
  return new Fault("keys.denied", message, { cause: fault.cause });
}
