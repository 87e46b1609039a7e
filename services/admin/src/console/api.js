/** The admin API, called as its own document describes it. */

/** @typedef {"GET" | "POST" | "PUT" | "DELETE"} Method */

/**
 * @typedef {object} Call
 * @property {Readonly<Record<string, string>>} [params] Of the path.
 * @property {Readonly<Record<string, string | undefined>>} [query] What is missing or empty is left out.
 * @property {unknown} [body]
 */

/** @typedef {(target: string, options: RequestInit) => Promise<Response>} Fetch */

/** An answer that says no, or none at all; `status` is 0 then. The message is for people. */
export class ApiError extends Error {
  /**
   * @param {number} status
   * @param {string} message
   * @param {{ retryAfterMs?: number, cause?: unknown }} [more]
   */
  constructor(status, message, { retryAfterMs = 0, cause } = {}) {
    super(message, { cause });
    this.status = status;
    this.retryAfterMs = retryAfterMs;
  }
}

/**
 * @typedef {object} Api
 * @property {string} version Of the gateway.
 * @property {(method: Method, path: string) => boolean} has
 * @property {(method: Method, path: string, call?: Call) => Promise<unknown>} call Rejects with an `ApiError`.
 */

/**
 * Reads the document with this token. Rejects with an `ApiError`, of status 401 for a token that is not accepted.
 * @param {string} token
 * @param {Fetch} fetch
 * @returns {Promise<Api>}
 */
export async function openApi(token, fetch) {
  const ask = asker(token, fetch);
  const document = await ask("GET", "/admin/openapi.json", undefined);
  const { paths, info } =
    /** @type {{ paths: Record<string, object>, info: { version: string } }} */ (document);
  const has = (/** @type {Method} */ method, /** @type {string} */ path) =>
    Object.hasOwn(paths[path] ?? {}, method.toLowerCase());
  return {
    version: info.version,
    has,
    call: async (method, path, { params = {}, query = {}, body } = {}) => {
      if (!has(method, path)) throw new ApiError(404, "This gateway does not offer that.");
      return await ask(method, filled(path, params) + queryOf(query), body);
    },
  };
}

/**
 * @param {string} token
 * @param {Fetch} fetch
 */
function asker(token, fetch) {
  return async (
    /** @type {Method} */ method,
    /** @type {string} */ target,
    /** @type {unknown} */ body,
  ) => {
    const headers = {
      authorization: `Bearer ${token}`,
      ...(body === undefined ? {} : { "content-type": "application/json" }),
    };
    const sent = body === undefined ? {} : { body: JSON.stringify(body) };
    const answer = await fetch(target, { method, headers, cache: "no-store", ...sent }).catch(
      (/** @type {unknown} */ cause) => {
        throw new ApiError(0, "The admin API can't be reached.", { cause });
      },
    );
    if (!answer.ok) throw await refusalOf(answer);
    return /** @type {unknown} */ (await answer.json());
  };
}

/** @type {Readonly<Record<number, string>>} */
const WORDS = {
  401: "The gateway does not accept this token.",
  429: "Too many requests from this address: the console waits a little.",
};

/** @param {Response} answer */
async function refusalOf(answer) {
  const { status } = answer;
  const retryAfterMs = 1000 * Number(answer.headers.get("retry-after") ?? 0);
  const message = WORDS[status] ?? (await messageOf(answer)) ?? `The gateway answered ${status}.`;
  return new ApiError(status, message, { retryAfterMs });
}

/**
 * @param {Response} answer
 * @returns {Promise<string | undefined>}
 */
async function messageOf(answer) {
  try {
    const body = /** @type {{ error?: { message?: string } }} */ (await answer.json());
    return body.error?.message;
  } catch {
    return undefined;
  }
}

/**
 * @param {string} path
 * @param {Readonly<Record<string, string>>} params
 */
function filled(path, params) {
  return path.replaceAll(/\{(\w+)\}/g, (_, /** @type {string} */ name) =>
    encodeURIComponent(params[name] ?? ""),
  );
}

/** @param {Readonly<Record<string, string | undefined>>} query */
function queryOf(query) {
  const given = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value) given.set(name, value);
  const text = given.toString();
  return text === "" ? "" : `?${text}`;
}
