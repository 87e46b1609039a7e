/** An attacker on the broker: a client that may publish and hear everything, and holds none of the gateway's secrets. */
import {
  connect,
  headers,
  type Msg,
  type MsgHdrs,
  type NatsConnection,
} from "@nats-io/transport-node";

/** One message as it passed the broker. */
export interface Recorded {
  readonly subject: string;
  /** Where the answer is waited for; "" for what is no question. */
  readonly reply: string;
  readonly payload: Buffer;
  readonly fields: MsgHdrs | undefined;
}

/** An answer, or that there was none. */
export interface Reply {
  /** The fault code of a refusal, "" for an answer. */
  readonly code: string;
  readonly payload: Buffer;
}

/** A message of the attacker's making; with a fault code it looks like a refusal. */
export interface MadeUp {
  readonly payload: string;
  readonly code?: string;
}

const REPLY_TIMEOUT_MS = 3000;

/** A connection with full rights. */
export class BrokerClient {
  readonly #nats: NatsConnection;
  /** Everything that passed since `record` was called. */
  readonly recorded: Recorded[] = [];

  private constructor(nats: NatsConnection) {
    this.#nats = nats;
  }

  /** Connects as anybody could who reaches the broker. */
  static async connect(url: string): Promise<BrokerClient> {
    return new BrokerClient(await connect({ servers: url, noEcho: true }));
  }

  /** Keeps every message of every subject from now on, and gives each to `heard`. */
  async record(heard: (message: Recorded) => void = () => undefined): Promise<void> {
    await this.#hear(">", {}, (message) => {
      const recorded = {
        subject: message.subject,
        reply: message.reply ?? "",
        payload: Buffer.from(message.data),
        fields: message.headers,
      };
      this.recorded.push(recorded);
      heard(recorded);
    });
  }

  /** Joins the answerers of a subject: the broker gives it its share of the questions. */
  async answer(subject: string, queue: string, answer: () => MadeUp): Promise<() => void> {
    return await this.#hear(subject, { queue }, (message) => {
      this.publish(message.reply ?? "", answer());
    });
  }

  /** Publishes, as it is, whatever one likes. */
  publish(subject: string, { payload, code }: MadeUp): void {
    const head = headers();
    if (code !== undefined) head.set("Nats-Service-Error-Code", code);
    this.#nats.publish(subject, payload, code === undefined ? {} : { headers: head });
  }

  /** Asks a question under the gateway's own header fields, with a request id of one's own unless `fields` has one. */
  async ask(subject: string, payload: Uint8Array | string, fields?: MsgHdrs): Promise<Reply> {
    const head = headers();
    head.set("S3eg-Request-Id", fields?.get("S3eg-Request-Id") || "0123456789ABCDEF");
    head.set("S3eg-Deadline", String(Date.now() + REPLY_TIMEOUT_MS));
    const reply = await this.#nats.request(subject, payload, {
      headers: head,
      timeout: REPLY_TIMEOUT_MS,
    });
    return {
      code: reply.headers?.get("Nats-Service-Error-Code") ?? "",
      payload: Buffer.from(reply.data),
    };
  }

  /** Everything recorded, one message after the other, with subjects and header fields. */
  transcript(): Buffer {
    const pieces = this.recorded.flatMap(({ subject, reply, fields, payload }) => {
      const values = fields?.keys().map((name) => `${name}: ${fields.values(name).join()}`) ?? [];
      return [Buffer.from(`\n${subject} ${reply}\n${values.join("\n")}\n`), payload];
    });
    return Buffer.concat(pieces);
  }

  /** Resolves when the broker has everything that was published or subscribed before. */
  async flush(): Promise<void> {
    await this.#nats.flush();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#nats.close();
  }

  async #hear(
    subject: string,
    options: { queue?: string },
    heard: (message: Msg) => void,
  ): Promise<() => void> {
    const subscription = this.#nats.subscribe(subject, {
      ...options,
      callback: (error, message) => {
        if (error === null) heard(message);
      },
    });
    await this.#nats.flush();
    return () => subscription.unsubscribe();
  }
}
