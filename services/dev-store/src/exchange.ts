/** One request and its answer on the wire. */
import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Body } from "@s3eg/shared/http/body.ts";
import { dropRest } from "@s3eg/shared/http/drop-rest.ts";
import { writeBody } from "@s3eg/shared/http/write-body.ts";
import { el, xmlDocument } from "@s3eg/shared/s3/xml.ts";
import type { PlannedFault } from "./fault-switch.ts";
import { faultyAnswer } from "./faulty.ts";
import type { S3Error } from "./s3/errors.ts";
import type { S3Answer } from "./s3-request.ts";

/** On a loopback address the rest of a body is there at once, or does not come. */
const DROP_REST_MS = 300;

/** A request that came and the answer that goes. */
export class Exchange {
  readonly id: string;
  readonly request: IncomingMessage;
  readonly #response: ServerResponse;
  #owesContinue: boolean;

  constructor(
    request: IncomingMessage,
    response: ServerResponse,
    { id, expectsContinue }: { id: string; expectsContinue: boolean },
  ) {
    this.request = request;
    this.#response = response;
    this.id = id;
    this.#owesContinue = expectsContinue;
    // A client that goes away shows up where its body is read or the answer is written.
    response.on("error", () => undefined);
  }

  /** False once the connection is gone. */
  get isOpen(): boolean {
    return !this.#response.destroyed;
  }

  /** The request's body; the client is asked for it when somebody wants it, not before. */
  withContinue(body: Body): Body {
    return {
      pump: (take) => {
        if (this.#owesContinue) this.#response.writeContinue();
        this.#owesContinue = false;
        return body.pump(take);
      },
      destroy: (reason) => body.destroy(reason),
    };
  }

  /** Resolves when the connection is gone. */
  async closed(): Promise<void> {
    if (this.isOpen) await once(this.#response, "close");
  }

  /** Resets the connection; one that is being ended already just goes: a reset then fails, and Node keeps the socket for good. */
  cut(): void {
    const { socket } = this.request;
    if (socket.writableEnded) socket.destroy();
    else socket.resetAndDestroy();
  }

  /** Sends an answer. A body that fails breaks the connection off: the client must not take it for whole. */
  async answer(whole: S3Answer, fault: PlannedFault | undefined): Promise<void> {
    const answer = faultyAnswer(whole, fault, {
      cut: () => this.cut(),
      end: () => this.request.socket.destroySoon(),
    });
    const { status, headers, xml, bytes } = answer;
    if (xml) {
      await this.#send(status, headers, xmlDocument(xml, { hasNamespace: true }));
      return;
    }
    if (!bytes) {
      await this.#send(status, headers, "");
      return;
    }
    try {
      this.#writeHead(status, { ...headers, "content-length": `${bytes.size}` });
      if (bytes.body) await writeBody(bytes.body, this.#response);
    } catch (error) {
      // A body that nobody takes would keep its files.
      bytes.body?.destroy(error);
      if (!this.#response.headersSent) throw error;
      if (this.isOpen && !this.request.socket.writableEnded) this.cut();
      return;
    }
    await this.#end();
  }

  /** Sends an error: XML, but nothing for HEAD and 304. */
  async answerError(error: S3Error, resource: string): Promise<void> {
    if (!this.isOpen) return;
    if (this.#response.headersSent) {
      this.cut();
      return;
    }
    const { status, code, message, fields, headers } = error;
    if (status === 304) {
      this.#writeHead(status, headers);
      await this.#end();
      return;
    }
    const extra = Object.entries(fields).map(([name, value]) => el(name, value));
    const known = [el("Resource", resource), el("RequestId", this.id)];
    const root = el("Error", el("Code", code), el("Message", message), ...extra, ...known);
    await this.#send(status, headers, xmlDocument(root));
  }

  async #send(status: number, headers: S3Answer["headers"], text: string): Promise<void> {
    const bytes = Buffer.from(text, "utf8");
    const isHead = this.request.method === "HEAD";
    const type = bytes.length > 0 ? { "content-type": "application/xml" } : {};
    // 204 has no length; that of a HEAD's error would be the length of something nobody gets.
    const length = status === 204 || isHead ? {} : { "content-length": `${bytes.length}` };
    this.#writeHead(status, { ...headers, ...type, ...length });
    if (!isHead && bytes.length > 0) this.#response.write(bytes);
    await this.#end();
  }

  #writeHead(status: number, headers: S3Answer["headers"]): void {
    const response = this.#response;
    for (const [name, value] of Object.entries(headers ?? {})) {
      if (value !== undefined) response.setHeader(name, value);
    }
    response.setHeader("x-amz-request-id", this.id);
    response.setHeader("server", "s3eg-dev-store");
    // What is left of the body would be read as the next request (RFC 9112 §9.3).
    if (this.#hasUnreadBody) response.setHeader("connection", "close");
    response.writeHead(status);
  }

  async #end(): Promise<void> {
    if (this.#hasUnreadBody && !this.#owesContinue) {
      this.#response.flushHeaders();
      await dropRest(this.request, { timeoutMs: DROP_REST_MS });
    }
    this.#response.end();
  }

  get #hasUnreadBody(): boolean {
    const { headers, complete } = this.request;
    const announced =
      headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) > 0;
    return announced && !complete;
  }
}
