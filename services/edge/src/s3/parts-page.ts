/** A page of parts in rising order of their numbers (S3 API, ListParts and GetObjectAttributes). */
import { s3Error } from "./errors.ts";

const MAX_PAGE = 1000;

/** A parameter that asks for a page: its name, and what the client said; undefined where it said nothing. */
type Asked = readonly [name: string, text: string | undefined];

/** What is shown, and what of the request it answers. */
export interface PartsPage<Part> {
  readonly page: readonly Part[];
  readonly marker: number;
  readonly maxParts: number;
  readonly isTruncated: boolean;
}

/** The parts behind the number `marker`, at most `maxParts` and never more than a thousand; `InvalidArgument` for what is no number. */
export function partsPage<Part extends { readonly partNumber: number }>(
  parts: readonly Part[],
  asked: { readonly marker: Asked; readonly maxParts: Asked },
): PartsPage<Part> {
  const marker = numberOf(asked.marker, 0);
  const maxParts = Math.min(numberOf(asked.maxParts, MAX_PAGE), MAX_PAGE);
  const left = parts.filter(({ partNumber }) => partNumber > marker);
  const page = left.slice(0, maxParts);
  return { page, marker, maxParts, isTruncated: page.length < left.length };
}

function numberOf([name, text]: Asked, standard: number): number {
  if (text === undefined) return standard;
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw s3Error("InvalidArgument", { fields: { ArgumentName: name, ArgumentValue: text } });
}
