/** KMIP as JSON over HTTP: a message of version 2.1 for each request, as Cosmian KMS takes it at `/kmip/2_1`. */
import { Fault } from "@s3eg/shared/faults.ts";
import type { KeyStoreAnswer, KeyStoreHttp } from "../custody/remote/key-store-http.ts";
import type { KmipTransport } from "./kmip-transport.ts";
import {
  answerOf,
  type KmipAnswer,
  type KmipQuestion,
  requestMessage,
  serverWords,
} from "./messages.ts";
import { decodeTtlvJson, encodeTtlvJson } from "./ttlv-json.ts";

const VERSION = { major: 2, minor: 1 };
const HEADERS = { "content-type": "application/json", accept: "application/json" };
const MAX_SAID_BYTES = 1024;

/** Closes `http`. `path` is where messages are posted, from the root of the server. */
export class JsonTransport implements KmipTransport {
  readonly #http: KeyStoreHttp;
  readonly #path: string;

  constructor(http: KeyStoreHttp, path: string) {
    this.#http = http;
    this.#path = path;
  }

  async ask(question: KmipQuestion, signal: AbortSignal): Promise<KmipAnswer> {
    // A message, not the bare operation that the server takes as well: only a message is refused with a reason for machines.
    const body = encodeTtlvJson(requestMessage(VERSION, question));
    try {
      const asked = { method: "POST", path: this.#path, headers: HEADERS, body } as const;
      const answer = await this.#http.send(asked, signal);
      if (answer.status !== 200) throw refusal(answer);
      return answerOf(decodeTtlvJson(answer.body), question.operation);
    } finally {
      body.fill(0);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#http[Symbol.asyncDispose]();
  }
}

function refusal({ status, body }: KeyStoreAnswer): Fault {
  const said = serverWords(body.subarray(0, MAX_SAID_BYTES).toString("utf8"));
  const cause = new Error(`status ${status}: ${said}`);
  const isForGood = status >= 400 && status < 500 && status !== 408 && status !== 429;
  if (!isForGood) {
    return new Fault("keys.unavailable", `the key store failed (status ${status})`, { cause });
  }
  const message = `the key store does not take the request (status ${status})`;
  return new Fault("keys.denied", message, { cause });
}
