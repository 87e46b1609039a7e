import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import { Fault } from "@s3eg/shared/faults.ts";
import { Secret } from "@s3eg/shared/runtime/secret.ts";
import { KeyStoreHttp } from "../../../src/custody/remote/key-store-http.ts";
import { type LoginMethod, TransitLogin } from "../../../src/custody/transit/transit-login.ts";
import { is } from "../../issued-header.ts";
import { silentLog as log } from "../../silent-log.ts";
import { refusal, TransitDouble } from "./transit-double.ts";

const approle = (secret_id = "s"): LoginMethod => ({
  kind: "post",
  mount: "approle",
  readFields: async () => await Promise.resolve({ role_id: "r", secret_id }),
});
const token = (read: () => string): LoginMethod => ({
  kind: "token",
  readToken: async () => await Promise.resolve(new Secret(read())),
});
const LOGIN = "/v1/auth/approle/login";

describe("TransitLogin", () => {
  let server: TransitDouble;
  let http: KeyStoreHttp;
  let nowMs = 0;
  beforeEach(async () => {
    nowMs = 0;
    server = await TransitDouble.start();
    http = new KeyStoreHttp(new URL(server.origin));
  });
  afterEach(async () => {
    await http[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
  });
  const login = (method: LoginMethod, namespace?: string) =>
    new TransitLogin({ http, namespace, method, timeoutMs: 5000, log, now: () => nowMs });

  it("logs in once for all who ask, in its namespace, and gives the token back", async () => {
    const entered = login(approle(), "team");
    const tokens = await Promise.all([entered.token(), entered.token(), entered.token()]);
    assert.equal(new Set(tokens).size, 1);
    assert.equal(server.count(LOGIN), 1);
    assert.equal(server.asked[0]?.namespace, "team");
    assert.equal(server.tokens.size, 2);
    await entered[Symbol.asyncDispose]();
    assert.deepEqual([...server.tokens], ["root"]);
  });

  it("logs in anew when the token's time is over", async () => {
    server.ttlSeconds = 60;
    const entered = login(approle());
    const first = await entered.token();
    nowMs = 59_999;
    assert.equal(await entered.token(), first);
    nowMs = 60_000;
    assert.notEqual((await entered.token()).reveal(), first.reveal());
    await entered[Symbol.asyncDispose]();
  });

  it("replaces a token that is refused, but not one it got this moment", async () => {
    const entered = login(approle());
    const first = await entered.token();
    assert.ok(!entered.refused(first));
    nowMs = 1000;
    assert.ok(entered.refused(first));
    const second = await entered.token();
    assert.notEqual(second.reveal(), first.reveal());
    // Somebody else's refusal of the first is known by now.
    assert.ok(entered.refused(first));
    assert.equal(await entered.token(), second);
    await entered[Symbol.asyncDispose]();
  });

  it("does not hammer a server that refuses the login", async () => {
    const entered = login(approle("wrong"));
    for (let n = 0; n < 3; n += 1) await assert.rejects(entered.token(), is("keys.denied"));
    assert.equal(server.count(LOGIN), 1);
    nowMs = 1000;
    await assert.rejects(entered.token(), is("keys.denied"));
    assert.equal(server.count(LOGIN), 2);
  });

  it("is unavailable, and not refused, while the server is sealed", async () => {
    server.override = () => refusal(503, "Vault is sealed");
    await assert.rejects(login(approle()).token(), is("keys.unavailable"));
    await assert.rejects(login(token(() => "root")).token(), is("keys.unavailable"));
  });

  it("reads a given token again when it is refused, and never revokes it", async () => {
    let given = "root";
    const entered = login(token(() => given));
    const first = await entered.token();
    assert.equal(first.reveal(), "root");
    given = "next";
    nowMs = 1000;
    assert.ok(entered.refused(first));
    assert.equal((await entered.token()).reveal(), "next");
    await entered[Symbol.asyncDispose]();
    assert.ok(server.tokens.has("root"));
  });

  it("takes credentials that can't be read any more for a login that fails", async () => {
    const gone: LoginMethod = {
      kind: "token",
      readToken: () => Promise.reject(new Fault("config.invalid", "no such file")),
    };
    await assert.rejects(login(gone).token(), is("keys.denied"));
  });

  it("renews a token when two thirds of its life are over, and replaces one that can't be renewed", async (t) => {
    t.mock.timers.enable({ apis: ["setTimeout"] });
    server.ttlSeconds = 90;
    const entered = login(approle());
    const first = await entered.token();
    const settled = async (path: string, times: number) => {
      while (server.count(path) < times) await new Promise((resolve) => setImmediate(resolve));
      for (let n = 0; n < 20; n += 1) await new Promise((resolve) => setImmediate(resolve));
    };
    t.mock.timers.tick(60_000);
    await settled("/v1/auth/token/renew-self", 1);
    nowMs = 60_000;
    assert.equal(await entered.token(), first);
    server.override = ({ path }) =>
      path.endsWith("renew-self") ? refusal(403, "permission denied") : undefined;
    t.mock.timers.tick(60_000);
    await settled(LOGIN, 2);
    assert.notEqual((await entered.token()).reveal(), first.reveal());
    await entered[Symbol.asyncDispose]();
  });
});
