/**
 * An attacker who may publish and hear everything on the broker, and holds none of the secrets (ARCHITECTURE.md, "Trust between
 * services"): learns no key, makes nobody take a wrong byte or a key of his, and gets no request sent to himself.
 */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { createServer, type Server } from "node:http";
import { after, before, describe, it } from "node:test";
import { CreateBucketCommand, type S3Client } from "@aws-sdk/client-s3";
import { BrokerClient, type MadeUp, type Recorded } from "../attacks/broker-client.ts";
import { spellingsIn, spellingsOf } from "../attacks/spellings.ts";
import { keysOfHeader } from "../attacks/stored-keys.ts";
import {
  type Bucket,
  copyObject,
  getObject,
  isWorthAnotherTry,
  keysOf,
  metadataOf,
  putObject,
  randomContent,
} from "../clients/objects.ts";
import { s3ClientOf } from "../clients/s3-client.ts";
import { type DistributedGateway, startDistributed } from "../gateway.ts";
import { startBackend } from "../servers/backends.ts";

const BUCKET = "hostile";
const ISSUE = "s3eg.keys.data-key.issue";
const UNWRAP = "s3eg.keys.data-key.unwrap";
const REISSUE = "s3eg.keys.header.reissue";
const QUESTIONS: readonly string[] = [ISSUE, UNWRAP, REISSUE];
const WORKER_ALIVE = "s3eg.crypto.worker.alive";
/** What keys would say of a backend that has no such object, if that were its to say. */
const NO_SUCH_KEY = { status: 404, s3Code: "NoSuchKey", s3Message: "made up" };
const KNOWN = randomContent(150_000);

describe("an attacker with full rights on the broker", () => {
  const servers = new AsyncDisposableStack();
  let gateway: DistributedGateway;
  let front: Bucket;
  let behind: Bucket;
  let attacker: BrokerClient;
  /** Header of `known`, as anybody reads it who may read the backend. */
  let header: string;

  before(async () => {
    const backend = servers.use(await startBackend("versitygw"));
    // Two keys: the memory of questions that were asked is one process's.
    gateway = servers.use(await startDistributed({ backend }, { keys: 2 }));
    attacker = servers.use(await BrokerClient.connect(gateway.natsUrl));
    await attacker.record();
    front = { s3: clientOf(gateway), bucket: BUCKET };
    behind = { s3: clientOf(backend), bucket: BUCKET };
    await front.s3.send(new CreateBucketCommand({ Bucket: BUCKET }));
    await putObject(front, "known", KNOWN);
    ok((await getObject(front, "known")).equals(KNOWN.body));
    await copyObject(front, "known", "known copy");
    header = (await metadataOf(behind, "known")).s3eg ?? "";
  });
  after(() => servers.disposeAsync());

  function clientOf(server: Parameters<typeof s3ClientOf>[0]): S3Client {
    const s3 = s3ClientOf(server);
    servers.defer(() => s3.destroy());
    return s3;
  }

  const place = { bucket: BUCKET, key: "known" };
  const inputs = (): Record<string, object> => ({
    [ISSUE]: { place, suite: 1, flags: 0 },
    [UNWRAP]: { place, header },
    [REISSUE]: { header, from: place, to: { bucket: BUCKET, key: "stolen" } },
  });

  const recordedOf = (subject: string): Recorded[] =>
    attacker.recorded.filter((message) => message.subject === subject);

  /** Puts, gets and copies; each ends right or with an error that says to try again. Returns how many did not end right. */
  async function exercise(name: string, rounds: number): Promise<number> {
    let failed = 0;
    const isRight = async (what: string, attempt: () => Promise<void>): Promise<boolean> => {
      try {
        await attempt();
        return true;
      } catch (error) {
        ok(isWorthAnotherTry(error), `${what}: ${String(error)}`);
        failed += 1;
        return false;
      }
    };
    const holds = (key: string, body: Buffer) => async () =>
      ok((await getObject(front, key)).equals(body), `wrong bytes in ${key}`);
    for (let n = 0; n < rounds; n++) {
      const content = randomContent(70_000 + n);
      const [key, copy] = [`${name} ${n}`, `${name} ${n} copy`];
      if (await isRight(`PUT ${key}`, () => putObject(front, key, content))) {
        await isRight(`GET ${key}`, holds(key, content.body));
      }
      await isRight("GET known", holds("known", KNOWN.body));
      if (await isRight(`copy to ${copy}`, () => copyObject(front, "known", copy))) {
        await isRight(`GET ${copy}`, holds(copy, KNOWN.body));
      }
    }
    return failed;
  }

  /** Every object there is was sealed under a key that only the KEK opens, and holds the right bytes. */
  async function isWellSealed(key: string, attackersKey: Buffer): Promise<void> {
    const { s3eg = "" } = await metadataOf(behind, key);
    const { dataKey } = keysOfHeader(s3eg, gateway.secrets.kek, { bucket: BUCKET, key });
    ok(!dataKey.equals(attackersKey), `${key} is sealed under the attacker's key`);
  }

  describe("who asks keys with a key pair of his own", () => {
    const forged = {
      "no proof": undefined,
      "a made-up MAC": () => randomBytes(32).toString("base64"),
      "an empty MAC": () => "",
    };
    for (const subject of QUESTIONS) {
      for (const [what, mac] of Object.entries(forged)) {
        it(`is refused ${subject} with ${what}`, async () => {
          const asker = mac && { ...ownAsker(), mac: mac() };
          const input = { ...inputs()[subject], ...(asker ? { asker } : {}) };
          const { code } = await attacker.ask(subject, JSON.stringify(input));
          equal(code, "keys.refused");
        });
      }

      it(`is refused ${subject} with a proof that was made for another public key`, async () => {
        const asked = recordedOf(subject)[0];
        ok(asked, "a question was recorded");
        const input = JSON.parse(asked.payload.toString()) as { asker: object };
        const { publicKey } = ownAsker();
        const stolen = JSON.stringify({ ...input, asker: { ...input.asker, publicKey } });
        const { code } = await attacker.ask(subject, stolen, asked.fields);
        equal(code, "keys.refused");
      });
    }
  });

  describe("who replays what was asked", () => {
    it("is refused, or gets an answer that only the first asker can open", async () => {
      const spellings = spellingsOf(keysOfHeader(header, gateway.secrets.kek, place).dataKey);
      const codes = new Set<string>();
      const asked = QUESTIONS.flatMap(recordedOf);
      for (const { subject, payload, fields } of [...asked, ...asked, ...asked, ...asked]) {
        const { code, payload: answer } = await attacker.ask(subject, payload, fields);
        codes.add(code);
        deepEqual(spellingsIn(answer, spellings), []);
        if (code === "") match(answer.toString(), /^\{"sealed":\{"enc":"[\w+/=]+","ciphertext":/);
        else equal(code, "keys.refused");
      }
      ok(codes.has("keys.refused"), "the one who was asked first knows the question");
    });

    it("spoils nothing for the workers, even while he sends every question twice", async () => {
      // The broker does not give him back what he sends himself.
      await using echoing = await BrokerClient.connect(gateway.natsUrl);
      let echoed = 0;
      await echoing.record(({ subject, payload, fields }) => {
        if (!QUESTIONS.includes(subject)) return;
        echoed += 1;
        echoing.ask(subject, payload, fields).catch(() => undefined);
      });
      equal(await exercise("replayed", 3), 0);
      ok(echoed >= 15, `${echoed} echoes`);
    });
  });

  describe("who answers in keys' place", () => {
    const ownKey = randomBytes(32);
    const ownAnswer = {
      dataKey: ownKey.toString("base64"),
      objectId: randomBytes(32).toString("base64"),
      commitment: randomBytes(32).toString("base64"),
      provider: "aes",
      keyId: "aes",
      keyVersion: 1,
      wrappedKey: randomBytes(125).toString("base64"),
      header: "",
    };
    const answers: Record<string, () => MadeUp> = {
      "in clear, with a key of his own": () => json({ plain: { ...ownAnswer, header } }),
      "with what was sealed for another question": () => ({ payload: recordedAnswer() }),
      "with noise that looks sealed": () => {
        const [enc, ciphertext] = [32, 300].map((size) => randomBytes(size).toString("base64"));
        return json({ sealed: { enc, ciphertext } });
      },
      "with no JSON": () => ({ payload: "}" }),
      ...Object.fromEntries(
        ["backend.refused", "auth.denied", "input.invalid", "no.such-code"].map((code) => [
          `with the refusal ${code}`,
          () => ({ code, ...json({ code, message: "made up", details: NO_SUCH_KEY }) }),
        ]),
      ),
    };

    function recordedAnswer(): string {
      const sealed = attacker.recorded.filter(
        ({ subject, payload }) => subject.startsWith("_INBOX") && payload.includes('"sealed"'),
      );
      return sealed[Math.floor(Math.random() * sealed.length)]?.payload.toString() ?? "{}";
    }

    for (const [how, answer] of Object.entries(answers)) {
      it(`as one of the group, ${how}: requests fail clearly or end right`, async (t) => {
        let taken = 0;
        const counted = () => {
          taken += 1;
          return answer();
        };
        const leave = await Promise.all(
          QUESTIONS.map((subject) => attacker.answer(subject, "keys", counted)),
        );
        const failed = await exercise(how, 6).finally(() => {
          for (const left of leave) left();
        });
        t.diagnostic(`${failed} failed, ${taken} questions taken`);
        ok(taken > 0, "the attacker was asked");
        for (const key of await keysOf(behind, how)) await isWellSealed(key, ownKey);
      });

      it(`faster than keys, ${how}: requests fail clearly or end right`, async (t) => {
        await using racer = await BrokerClient.connect(gateway.natsUrl);
        await racer.record(({ subject, reply }) => {
          if (QUESTIONS.includes(subject)) racer.publish(reply, answer());
        });
        const failed = await exercise(`raced ${how}`, 4);
        t.diagnostic(`${failed} failed`);
        for (const key of await keysOf(behind, `raced ${how}`)) await isWellSealed(key, ownKey);
      });
    }

    it("spoils nothing that lasts: when he is gone everything works again", async () => {
      equal(await exercise("afterwards", 4), 0);
    });
  });

  describe("who announces himself as a crypto worker", () => {
    let server: Server;
    let seen = 0;

    before(async () => {
      server = createServer((request, response) => {
        request.resume();
        response.end();
      });
      server.on("connection", () => {
        seen += 1;
      });
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    });
    after(() => server.close());

    const own = (fact: object): object => {
      const address = server.address();
      const port = typeof address === "object" ? address?.port : 0;
      return { ...fact, url: `http://127.0.0.1:${port}`, inflight: 0, capacity: 1000 };
    };
    const worker = () => ({
      id: "11111111-2222-4333-8444-555555555555",
      zone: "",
      isDraining: false,
      announcedAtMs: Date.now(),
      mac: randomBytes(32).toString("base64"),
    });
    const recordedWorker = () => {
      const heard = recordedOf(WORKER_ALIVE).at(-1);
      ok(heard, "workers announce themselves");
      return JSON.parse(heard.payload.toString()) as object;
    };
    const announcements: Record<string, () => object> = {
      "with a made-up MAC": () => own(worker()),
      "without a MAC": () => ({ ...own(worker()), mac: "" }),
      "under the id and with the MAC of a real one": () => own(recordedWorker()),
      "under the id of a real one, draining": () => ({ ...recordedWorker(), isDraining: true }),
    };

    for (const [how, announcement] of Object.entries(announcements)) {
      it(`${how} is sent nothing, and takes no real worker away`, async () => {
        for (let n = 0; n < 10; n++) {
          attacker.publish(WORKER_ALIVE, json(announcement()));
          await attacker.flush();
          equal(await exercise(`announced ${how} ${n}`, 1), 0);
        }
        equal(seen, 0, "connections to the attacker");
      });
    }
  });
});

function json(value: object): MadeUp {
  return { payload: JSON.stringify(value) };
}

/** A public key of one's own, as a question shows it. */
function ownAsker() {
  return {
    kem: 32,
    publicKey: randomBytes(32).toString("base64"),
    timestampMs: Date.now(),
    nonce: randomBytes(16).toString("base64"),
  };
}
