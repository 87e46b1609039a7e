/** Which endpoint a request is for. */
import { jsonAnswer, type SmallAnswer } from "@s3eg/shared/runtime/answer-server.ts";
import { type Endpoint, errorBody } from "./endpoint.ts";

/** What was found at a path. */
export type Match =
  | {
      readonly endpoint: Endpoint;
      /** Texts of the parameters in the path, decoded. */
      readonly params: Readonly<Record<string, string>>;
    }
  | {
      readonly endpoint: undefined;
      /** Says that nothing is there (404), not with this method (405), or that the path cannot be read (400). */
      readonly answer: SmallAnswer;
    };

interface Row {
  readonly endpoint: Endpoint;
  readonly segments: readonly string[];
}

/** The endpoints, to be found by method and path. Fixed paths go before those with parameters. Throws if two have the same place. */
export class EndpointTable {
  readonly endpoints: readonly Endpoint[];
  readonly #rows: readonly Row[];

  constructor(endpoints: readonly Endpoint[]) {
    const places = endpoints.map(({ method, path }) => `${method} ${path}`);
    const twice = places.find((place, index) => places.indexOf(place) !== index);
    if (twice !== undefined) throw new Error(`two endpoints for ${twice}`);
    this.endpoints = endpoints;
    this.#rows = endpoints
      .map((endpoint) => ({ endpoint, segments: endpoint.path.split("/") }))
      .toSorted((one, other) => parameterCount(one) - parameterCount(other));
  }

  /** HEAD is a GET whose body is not sent. */
  match(method: string, path: string): Match {
    const segments = path.split("/");
    const rows = this.#rows.filter((each) => fits(each, segments));
    if (rows.length === 0) return { endpoint: undefined, answer: NOT_FOUND };
    const wanted = method === "HEAD" ? "GET" : method;
    const row = rows.find(({ endpoint }) => endpoint.method === wanted);
    if (!row) return { endpoint: undefined, answer: notAllowed(rows) };
    const params = paramsOf(row, segments);
    return params
      ? { endpoint: row.endpoint, params }
      : { endpoint: undefined, answer: UNREADABLE };
  }
}

function nameOf(segment: string): string | undefined {
  return /^\{(?<name>\w+)\}$/.exec(segment)?.groups?.name;
}

function parameterCount({ segments }: Row): number {
  return segments.filter((segment) => nameOf(segment) !== undefined).length;
}

function fits(row: Row, segments: readonly string[]): boolean {
  return (
    row.segments.length === segments.length &&
    row.segments.every((segment, index) => {
      return nameOf(segment) === undefined ? segment === segments[index] : segments[index] !== "";
    })
  );
}

function paramsOf(row: Row, segments: readonly string[]): Record<string, string> | undefined {
  const params: Record<string, string> = {};
  try {
    for (const [index, segment] of row.segments.entries()) {
      const name = nameOf(segment);
      if (name !== undefined) params[name] = decodeURIComponent(segments[index] ?? "");
    }
  } catch {
    return undefined;
  }
  return params;
}

function notAllowed(rows: readonly Row[]): SmallAnswer {
  const methods = rows.flatMap(({ endpoint: { method } }) =>
    method === "GET" ? ["GET", "HEAD"] : [method],
  );
  const allow = [...new Set(methods)].toSorted().join(", ");
  return jsonAnswer(405, errorBody("MethodNotAllowed", `this endpoint takes ${allow}`), { allow });
}

const NOT_FOUND = jsonAnswer(404, errorBody("NotFound", "there is no such endpoint"));
const UNREADABLE = jsonAnswer(400, errorBody("BadRequest", "invalid percent-encoding in the path"));
