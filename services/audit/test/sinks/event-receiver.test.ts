import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { AuditSection } from "../../src/config.ts";
import { eventReceiver } from "../../src/sinks/event-receiver.ts";

const ACTIVE = new AbortController().signal;

async function serverOf(t: TestContext, answer: { status?: number; hangs?: boolean }) {
  const received: { body: string; headers: NodeJS.Dict<string | string[]> }[] = [];
  const server = createServer((req, res) => {
    let body = "";
    req.setEncoding("utf8");
    req.on("data", (piece: string) => {
      body += piece;
    });
    req.on("end", () => {
      received.push({ body, headers: req.headers });
      if (!answer.hangs) res.writeHead(answer.status ?? 200).end("words");
    });
  });
  const sockets: Socket[] = [];
  server.on("connection", (socket) => void sockets.push(socket));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  const { port } = server.address() as { port: number };
  return { received, sockets, endpoint: `http://127.0.0.1:${port}/in?x=1` };
}

const sinkOf = (settings: Readonly<Record<string, unknown>>) =>
  AuditSection.parse({ sink: { type: "http", ...settings } }).sink;

describe("eventReceiver", () => {
  it("posts a JSON array with the headers of the settings", async (t) => {
    const { received, endpoint } = await serverOf(t, {});
    using receiver = eventReceiver(sinkOf({ endpoint, headers: { "x-token": "T" } }));
    await receiver.post(['{"a":1}', '{"b":"é"}'], ACTIVE);
    const [{ body, headers } = { body: "", headers: {} }] = received;
    assert.deepEqual(JSON.parse(body), [{ a: 1 }, { b: "é" }]);
    assert.equal(headers["x-token"], "T");
    assert.equal(headers["content-type"], "application/json");
  });

  it("takes nothing but 2xx for an answer", async (t) => {
    for (const status of [301, 400, 413, 429, 500]) {
      const { endpoint } = await serverOf(t, { status });
      using receiver = eventReceiver(sinkOf({ endpoint }));
      await assert.rejects(receiver.post(["{}"], ACTIVE), (error: Error) => {
        assert.match(error.message, new RegExp(`says ${status}$`));
        return true;
      });
    }
    const { endpoint } = await serverOf(t, { status: 202 });
    using receiver = eventReceiver(sinkOf({ endpoint }));
    await receiver.post(["{}"], ACTIVE);
  });

  it("gives up after its timeout, when it is told to, and where nobody is", async (t) => {
    const { endpoint } = await serverOf(t, { hangs: true });
    using slow = eventReceiver(sinkOf({ endpoint, http: { timeout: "50ms" } }));
    await assert.rejects(slow.post(["{}"], ACTIVE), { name: "AbortError" });
    using patient = eventReceiver(sinkOf({ endpoint }));
    const stop = new AbortController();
    const posting = patient.post(["{}"], stop.signal);
    stop.abort();
    await assert.rejects(posting, { name: "AbortError" });
    using nobody = eventReceiver(sinkOf({ endpoint: "http://127.0.0.1:1/" }));
    await assert.rejects(nobody.post(["{}"], ACTIVE), { code: "ECONNREFUSED" });
  });

  it("keeps its connection between posts for as long as it is told", async (t) => {
    for (const [idle, connections] of [
      ["1ms", 2],
      ["1m", 1],
    ] as const) {
      const { endpoint, sockets } = await serverOf(t, {});
      const http = { idle_conn_timeout: idle };
      using receiver = eventReceiver(sinkOf({ endpoint, http }));
      await receiver.post(["{}"], ACTIVE);
      if (connections === 2) await once(sockets[0] as Socket, "close");
      await receiver.post(["{}"], ACTIVE);
      assert.equal(sockets.length, connections, idle);
    }
  });

  it("speaks TLS as the settings say: who it trusts, what it shows, and from which version on", async (t) => {
    const folder = mkdtempSync(join(tmpdir(), "receiver-"));
    t.after(() => rmSync(folder, { recursive: true }));
    const [cert, key] = [join(folder, "cert.pem"), join(folder, "key.pem")];
    const kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
    const name = ["-subj", "/CN=receiver", "-addext", "subjectAltName=IP:127.0.0.1"];
    const made = ["req", "-x509", ...kind, ...name, "-keyout", key, "-out", cert];
    execFileSync("openssl", made, { stdio: "ignore" });
    const pem = { cert: readFileSync(cert), key: readFileSync(key), ca: readFileSync(cert) };
    const asks = { requestCert: true, rejectUnauthorized: true, maxVersion: "TLSv1.2" } as const;
    const server = createTlsServer({ ...pem, ...asks }, (_, res) => res.end());
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    t.after(() => {
      server.close();
      server.closeAllConnections();
    });
    const { port } = server.address() as { port: number };
    const shown = { cert_file: cert, key_file: key };
    const posted = async (tls: Readonly<Record<string, unknown>>) => {
      using receiver = eventReceiver(sinkOf({ endpoint: `https://127.0.0.1:${port}/`, tls }));
      await receiver.post(["{}"], ACTIVE);
    };
    await posted({ ...shown, ca_file: cert });
    await posted({ ...shown, insecure_skip_verify: true });
    await assert.rejects(posted(shown), { code: "DEPTH_ZERO_SELF_SIGNED_CERT" });
    await assert.rejects(posted({ ca_file: cert }));
    await assert.rejects(posted({ ...shown, ca_file: cert, min_version: "1.3" }));
  });

  it("refuses files of its TLS that can't be read", () => {
    const tls = { ca_file: "/nowhere/ca.pem" };
    const sink = sinkOf({ endpoint: "https://127.0.0.1:1/", tls });
    assert.throws(() => eventReceiver(sink), {
      code: "config.invalid",
      message: /audit\.sink\.tls\.ca_file: cannot read \/nowhere\/ca\.pem/,
    });
  });
});
