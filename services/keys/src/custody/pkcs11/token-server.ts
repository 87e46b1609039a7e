/** The side of the module: answers on a stream, one question after the other, what keys asks of a token. */
import type { Duplex } from "node:stream";
import { Fault, toWireFault } from "@s3eg/shared/faults.ts";
import type { Cryptoki } from "./cryptoki.ts";
import { FrameReader, framed } from "./frames.ts";
import { Token, type TokenPlace } from "./token.ts";
import type { NamedKey } from "./token-keys.ts";

/**
 * What may be asked, the first field of a message: `load` with the path of the module, `open` with a `TokenPlace`, the others with a
 * `NamedKey` and what a cipher needs. Places and keys are JSON as module-host.ts of the same program writes it, and believed.
 */
export type Question = "load" | "open" | "describe" | "encrypt" | "decrypt";

/** Loads a module; `config.invalid` where that can't be. */
export type LoadModule = (path: string) => Promise<Cryptoki>;

/** Answers until the stream ends, then closes the token; resolves after that. Answers are `ok` and a result, or `no` and a fault. */
export async function serveToken(stream: Duplex, load: LoadModule): Promise<void> {
  const reader = new FrameReader();
  let module: Cryptoki | undefined;
  let token: Token | undefined;
  const answered = async ([question, ...fields]: Buffer[]): Promise<Uint8Array> => {
    const name = question?.toString("utf8");
    if (name === "load") {
      module = await load(textOf(fields[0]));
      return Buffer.alloc(0);
    }
    if (!module) throw new Fault("keys.unavailable", "no module is loaded");
    if (name === "open") {
      token?.close();
      token = new Token(module, JSON.parse(textOf(fields[0])) as TokenPlace);
      token.open();
      return Buffer.alloc(0);
    }
    if (!token) throw new Fault("keys.unavailable", "no token is open");
    return answerOf(token, name, fields);
  };
  try {
    for await (const piece of stream as AsyncIterable<Buffer>) {
      for (const message of reader.push(piece)) {
        const answer = await reply(() => answered(message));
        for (const field of message) field.fill(0);
        stream.write(answer, () => answer.fill(0));
      }
    }
  } finally {
    token?.close();
  }
}

function answerOf(token: Token, question: string | undefined, fields: Buffer[]): Uint8Array {
  const key = JSON.parse(textOf(fields[0])) as NamedKey;
  const [, data, iv, associatedData] = fields;
  const empty = Buffer.alloc(0);
  const text = {
    data: data ?? empty,
    iv: iv ?? empty,
    associatedData: associatedData ?? empty,
  };
  switch (question) {
    case "describe":
      return Buffer.from(JSON.stringify(token.describe(key)));
    case "encrypt":
      return token.encrypt(key, text);
    case "decrypt":
      return token.decrypt(key, text);
    default:
      throw new Fault("internal.bug", "the module is asked what it does not know");
  }
}

async function reply(act: () => Promise<Uint8Array>): Promise<Buffer> {
  try {
    const result = await act();
    const answer = framed([Buffer.from("ok"), result]);
    result.fill(0);
    return answer;
  } catch (error) {
    return framed([Buffer.from("no"), Buffer.from(JSON.stringify(toWireFault(error)))]);
  }
}

function textOf(field: Buffer | undefined): string {
  return field?.toString("utf8") ?? "";
}
