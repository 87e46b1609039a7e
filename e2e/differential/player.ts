/** Plays steps to one server, and keeps what its answers say for later steps. */
import { hash } from "node:crypto";
import { presignPath, type RawRequest, type Signer, signRaw } from "../features/raw-request.ts";
import type { Step } from "./step.ts";
import { exchange, type WireAnswer } from "./wire.ts";

/** A server, and what it has said so far in this chapter. */
export class Player {
  readonly #signer: Signer;
  readonly #bucket: string;
  readonly #said = new Map<string, string>();

  constructor(signer: Signer, bucket: string) {
    this.#signer = signer;
    this.#bucket = bucket;
  }

  /** Sends a step and returns the answer, in which what this server alone could say has its name again. */
  async play(step: Step): Promise<WireAnswer> {
    const raw = this.#written(step);
    const { headers, path } = this.#proven(step, raw);
    const body = Buffer.from(raw.body ?? "");
    const answer = await exchange(this.#signer.endpoint, {
      method: step.method,
      target: path,
      headers,
      body,
    });
    this.#keep(step, answer);
    return this.#named(answer);
  }

  #written(step: Step): RawRequest & { body?: string | Uint8Array } {
    const target = step.path.startsWith("//") ? step.path.slice(1) : `/${this.#bucket}${step.path}`;
    const body = typeof step.body === "string" ? this.#filled(step.body) : step.body;
    this.#said.set("md5", hash("md5", body ?? "", "base64"));
    const headers = Object.entries(step.headers ?? {}).map(
      ([name, value]) => [name, this.#filled(value)] as const,
    );
    return {
      method: step.method,
      path: this.#filled(target, encodeURIComponent),
      headers: Object.fromEntries(headers),
      ...(body === undefined ? {} : { body }),
      ...(step.payloadHash === undefined ? {} : { payloadHash: step.payloadHash }),
    };
  }

  #proven(step: Step, raw: RawRequest & { body?: string | Uint8Array }) {
    const signer = { ...this.#signer, ...step.keys };
    if ((step.proof ?? "header") === "header") {
      return { headers: signedAsWritten(signer, raw), path: raw.path };
    }
    const length = Buffer.from(raw.body ?? "").length;
    const headers = {
      host: new URL(signer.endpoint).host,
      ...(raw.body === undefined ? {} : { "content-length": `${length}` }),
      ...raw.headers,
    };
    const path = step.proof === "none" ? raw.path : presignPath(signer, raw);
    return { headers, path };
  }

  #filled(text: string, encode: (value: string) => string = (value) => value): string {
    return text.replaceAll(/\{\{([\w-]+)\}\}/g, (_, name: string) => {
      if (name === "bucket") return this.#bucket;
      const value = this.#said.get(name);
      if (value === undefined) throw new Error(`nothing was kept as ${name}`);
      return encode(value);
    });
  }

  #keep(step: Step, answer: WireAnswer): void {
    for (const [name, from] of Object.entries(step.keep ?? {})) {
      const value =
        typeof from === "string"
          ? new Map(answer.headers).get(from)
          : from.exec(answer.body.toString("utf8"))?.[1];
      // Kept as something that no server gave: the steps after it then fail on this server alone.
      this.#said.set(name, value ?? `no-${name}`);
    }
  }

  #named(answer: WireAnswer): WireAnswer {
    const names = [...this.#said].filter(([name, value]) => name !== "md5" && value.length >= 8);
    const host = new URL(this.#signer.endpoint).host;
    const rename = (text: string): string =>
      names.reduce(
        (renamed, [name, value]) =>
          writtenAs(value).reduce((left, form) => left.replaceAll(form, `{{${name}}}`), renamed),
        text.replaceAll(host, "{{host}}"),
      );
    return {
      status: answer.status,
      headers: answer.headers.map(([name, value]) => [name, rename(value)]),
      body: Buffer.from(rename(answer.body.toString("latin1")), "latin1"),
    };
  }
}

/** Signs names in lower case (SigV4, canonical headers) and sends them as they were written. */
function signedAsWritten(signer: Signer, raw: RawRequest): Record<string, string> {
  const written = Object.entries(raw.headers ?? {});
  const lower = Object.fromEntries(written.map(([name, value]) => [name.toLowerCase(), value]));
  const { headers } = signRaw(signer, { ...raw, headers: lower });
  const names = new Map(written.map(([name]) => [name.toLowerCase(), name]));
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [names.get(name) ?? name, value]),
  );
}

/** As the value stands in a header, and in XML. */
function writtenAs(value: string): string[] {
  const escaped = value.replaceAll("&", "&amp;");
  return [value, escaped.replaceAll('"', "&quot;"), escaped.replaceAll('"', "&#34;")];
}
