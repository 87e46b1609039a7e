/** The head of one part of a form: what it is called, and what the browser says of its file (RFC 7578 §4.2). */

/** One part's head. */
export interface FormPart {
  /** Lower-case: S3 takes field names in any case. */
  readonly name: string;
  /** The last part of the path the browser gave; `""` without one. */
  readonly fileName: string;
}

/** Reads the head (without its last empty line) of a part; `undefined` if it is not one of a form. */
export function parsePartHead(head: string): FormPart | undefined {
  const disposition = head
    .split("\r\n")
    .map((line) => /^content-disposition[ \t]*:[ \t]*form-data[ \t]*(;.*)$/i.exec(line)?.[1])
    .find((found) => found !== undefined);
  if (disposition === undefined) return undefined;
  const parameters = new Map<string, string>();
  for (const [, name = "", quoted, plain] of disposition.matchAll(PARAMETER)) {
    parameters.set(name.toLowerCase(), quoted?.replaceAll('\\"', '"') ?? plain ?? "");
  }
  const name = parameters.get("name");
  if (!name) return undefined;
  // Some browsers send the path on their own disk.
  const fileName = (parameters.get("filename") ?? "").split(/[/\\]/).at(-1) ?? "";
  return { name: name.toLowerCase(), fileName };
}

const PARAMETER = /;[ \t]*([a-z*]+)[ \t]*=[ \t]*(?:"((?:[^"\\]|\\.)*)"|([^\s;"]+))/gi;

/** The boundary that a Content-Type of a form names; `undefined` for anything else. */
export function formBoundary(contentType: string | undefined): string | undefined {
  const [, parameters] = /^multipart\/form-data[ \t]*(;.*)$/i.exec(contentType ?? "") ?? [];
  const [, quoted, plain] =
    /;[ \t]*boundary=(?:"([^"\r\n]{1,70})"|([^\s;"]{1,70}))(?:[ \t]*;|[ \t]*$)/i.exec(
      parameters ?? "",
    ) ?? [];
  return quoted ?? plain;
}

/** True if a Content-Type says that the body is a form. */
export function isForm(contentType: string | undefined): boolean {
  return /^multipart\/form-data(?:[ \t]*;|[ \t]*$)/i.test(contentType ?? "");
}
