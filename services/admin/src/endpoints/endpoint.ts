/** What an endpoint of the admin API is: where it is, what it takes, what it answers. Matched, checked and documented from this alone. */
import { AdminWish } from "@s3eg/shared/contracts/audit.ts";
import { Fault, isFault } from "@s3eg/shared/faults.ts";
import {
  jsonAnswer,
  type SmallAnswer,
  type SmallRequest,
} from "@s3eg/shared/runtime/answer-server.ts";
import { z } from "zod";
import type { ActionEvent } from "../operator-trail.ts";

/** Every error of the admin API. */
export const ErrorBody = z.object({
  error: z.object({
    code: z.string(),
    message: z.string(),
    /** The rotation that the error is of. */
    rotation_id: z.string().optional(),
  }),
});
export type ErrorBody = z.infer<typeof ErrorBody>;

/** A request that was let in. Its id is on every question that it leads to, on its answer and on its event. */
export interface AdminRequest extends SmallRequest {
  readonly id: string;
}

/** How a request ended. */
export interface Responded {
  readonly answer: SmallAnswer;
  /** Code of an answer that says no. */
  readonly error?: string;
  /** What was asked for; absent where that was not understood. */
  readonly wish?: AdminWish;
}

/** One kind of answer: JSON of a schema, or text. */
type AnswerForm =
  | { readonly description: string; readonly schema: z.ZodType }
  | { readonly description: string; readonly contentType: string };
type Answers = Readonly<Record<number, AnswerForm>>;

/** What a handler gives back: a status of `answers` with the body that belongs to it. */
export type AnswerOf<Known extends Answers> = {
  [Status in keyof Known & number]: {
    readonly status: Status;
    readonly headers?: Readonly<Record<string, string>>;
    readonly body: Known[Status] extends { readonly schema: infer Schema extends z.ZodType }
      ? z.output<Schema>
      : string;
  };
}[keyof Known & number];

/** An answer that says no, for `answers`. */
export function refused(description: string) {
  return { description, schema: ErrorBody } as const;
}

/** The body of a refusal. */
export function errorBody(code: string, message: string): ErrorBody {
  return { error: { code, message } };
}

/** The shape of an endpoint. */
interface Form<Params, Query, Body, Known> {
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  /** Segments may be parameters: `/admin/mpu/abort/{uploadId}`. */
  readonly path: string;
  readonly summary: string;
  /** Of the parameters in the path. */
  readonly params?: Params;
  /** Of the query; values come as texts, others are coerced (`z.coerce`). Absent: no query is taken. */
  readonly query?: Query;
  /** Of a JSON body; no body is read as `{}`. Absent: a body is not looked at. */
  readonly body?: Body;
  readonly answers: Known;
  /** What its event is called in the audit trail. Absent: `admin.action`, and none for GET. */
  readonly event?: ActionEvent;
}

/** An endpoint as the matcher and the document know it. */
export interface Endpoint
  extends Form<z.ZodObject | undefined, z.ZodObject | undefined, z.ZodType | undefined, Answers> {
  /** Checks what came and answers it, refusals included. `params`: texts of the path, decoded. Rejects for bugs only. */
  respond(request: AdminRequest, params: Readonly<Record<string, string>>): Promise<Responded>;
}

const Nothing = z.strictObject({});
type Nothing = typeof Nothing;

/**
 * An endpoint from its description and its handler. Answers that are everybody's need not be listed: 400 and 413 for what does
 * not fit the schemas, 503 for faults that pass, and those of the door.
 */
export function endpoint<
  const Known extends Answers,
  Params extends z.ZodObject = Nothing,
  Query extends z.ZodObject = Nothing,
  Body extends z.ZodType = Nothing,
>(
  form: Form<Params, Query, Body, Known> & {
    handle(asked: {
      readonly params: z.output<Params>;
      readonly query: z.output<Query>;
      readonly body: z.output<Body>;
      readonly request: AdminRequest;
    }): Promise<AnswerOf<NoInfer<Known>>>;
  },
): Endpoint {
  const { handle, params: Params, query: Query, body: Body, ...rest } = form;
  const respond: Endpoint["respond"] = async (request, params) => {
    let wish: AdminWish | undefined;
    try {
      const sent = Body ? await bodyOf(request) : {};
      const asked = {
        params: checked("path", Params ?? z.object({}), params) as z.output<Params>,
        query: checked("query", Query ?? Nothing, queryOf(request.query)) as z.output<Query>,
        body: (Body ? checked("body", Body, sent) : {}) as z.output<Body>,
        request,
      };
      wish = wishOf(asked, sent);
      return responded(rendered(await handle(asked), form.answers), wish);
    } catch (error) {
      return responded(faultAnswer(error), wish);
    }
  };
  return { ...rest, params: Params, query: Query, body: Body, respond };
}

function responded(answer: SmallAnswer, wish: AdminWish | undefined): Responded {
  const refusal = answer.status < 400 ? undefined : ErrorBody.safeParse(JSON.parse(answer.body));
  const error = refusal?.data?.error.code;
  return { answer, ...(error === undefined ? {} : { error }), ...(wish && { wish }) };
}

/** What its schemas knew of a request: of the body as it was sent, for people wrote it. */
function wishOf(asked: { params: object; query: object; body: unknown }, sent: unknown): AdminWish {
  const known = new Set(Object.keys(asked.body ?? {}));
  const given = Object.entries(sent ?? {}).filter(([name]) => known.has(name));
  const all: [string, unknown][] = [
    ...Object.entries(asked.params),
    ...Object.entries(asked.query),
    ...given,
  ];
  const kept = all.flatMap(([name, value]) => {
    const wish = AdminWish.safeParse({ [snakeCase(name)]: value });
    return Object.entries(wish.data ?? {});
  });
  return Object.fromEntries(kept);
}

/** As events name it: parameters of paths are written otherwise. */
function snakeCase(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

function rendered(
  answer: {
    readonly status: number;
    readonly body: unknown;
    readonly headers?: SmallAnswer["headers"];
  },
  answers: Answers,
): SmallAnswer {
  const { status, body, headers } = answer;
  const form = answers[status];
  return form && "contentType" in form
    ? { status, headers: { "content-type": form.contentType, ...headers }, body: String(body) }
    : jsonAnswer(status, body, headers);
}

function checked<Output>(where: string, schema: z.ZodType<Output>, value: unknown): Output {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(({ path, message }) =>
    path.length === 0 ? message : `${path.map(String).join(".")}: ${message}`,
  );
  throw new Fault("input.invalid", `invalid request ${where}: ${problems.join("; ")}`);
}

/** A name that is given twice becomes a list, which a schema of one value refuses. */
function queryOf(query: string): Record<string, string | string[]> {
  const given = new URLSearchParams(query);
  return Object.fromEntries(
    [...new Set(given.keys())].map((name) => {
      const [first = "", ...others] = given.getAll(name);
      return [name, others.length === 0 ? first : [first, ...others]];
    }),
  );
}

async function bodyOf(request: SmallRequest): Promise<unknown> {
  const text = await request.text();
  if (text.trim() === "") return {};
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new Fault("input.invalid", "invalid request body: it is no JSON", { cause });
  }
}

/** What is wrong with the request is said; where others can't be asked now, that. Anything else is a bug and thrown on. */
function faultAnswer(error: unknown): SmallAnswer {
  // Nobody is there any more to be told that its request broke off.
  if (isFault(error, "input.invalid", "client.gone")) {
    return jsonAnswer(400, errorBody("BadRequest", error.message));
  }
  if (isFault(error, "limit.body-too-large")) {
    return jsonAnswer(413, errorBody("RequestTooLarge", error.message));
  }
  if (!(error instanceof Fault) || !(error.isRetryable || error.code === "keys.refused")) {
    throw error;
  }
  const message = `${error.code}: it could not be done now`;
  return jsonAnswer(503, errorBody("ServiceUnavailable", message), { "retry-after": "1" });
}
