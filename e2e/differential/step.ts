/** The steps of the differential script: requests written down byte for byte, with names for what only the server can say. */

/**
 * One request. `{{name}}` in path, headers and body stands for something an earlier answer said, or for the `bucket`, or in headers
 * for the `md5` of the body; in a path it is percent-encoded.
 */
export interface Step {
  /** What it is about; the method and path follow in reports. */
  readonly about: string;
  readonly method: string;
  /** On the wire, behind the bucket of the chapter (`/key?x`, `?x`); absolute where it begins with `//`. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /** How the caller proves who it is: by header (the default), in the URL, or not at all. */
  readonly proof?: "header" | "presigned" | "none";
  /** The value of x-amz-content-sha256; the body's own by default. */
  readonly payloadHash?: string;
  /** Keys that sign, where they are not the server's. */
  readonly keys?: { readonly accessKey?: string; readonly secretKey?: string };
  /** Name → where the answer says it: a header's name, or a pattern of the body with one group. */
  readonly keep?: Readonly<Record<string, string | RegExp>>;
}

/** Steps on one subject, played one after the other in a bucket of their own. */
export interface Chapter {
  readonly name: string;
  readonly steps: readonly Step[];
}

/** What may be said of a step beside method and path. */
export type StepOptions = Omit<Step, "about" | "method" | "path">;

const stepMaker =
  (method: string) =>
  (about: string, path: string, options: StepOptions = {}): Step => ({
    about,
    method,
    path,
    ...options,
  });

export const GET = stepMaker("GET");
export const HEAD = stepMaker("HEAD");
export const PUT = stepMaker("PUT");
export const POST = stepMaker("POST");
export const DELETE = stepMaker("DELETE");
export const OPTIONS = stepMaker("OPTIONS");

/** GET and HEAD of the same thing. */
export function reads(about: string, path: string, options: StepOptions = {}): Step[] {
  return [GET(about, path, options), HEAD(about, path, options)];
}
