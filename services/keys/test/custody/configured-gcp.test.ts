import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { configuredGcp } from "../../src/custody/configured-gcp.ts";
import { load } from "../config/read-settings.ts";
import { is } from "../issued-header.ts";
import { silentLog as log } from "../silent-log.ts";
import { describeCustodian } from "./custodian-contract.ts";
import { GcpDouble, gcpKey, letSdkIn } from "./gcp/gcp-double.ts";

const KEK = gcpKey("kek");
let login: AsyncDisposable;
before(async () => {
  login = await letSdkIn();
});
after(() => login[Symbol.asyncDispose]());

const configured = async (server: GcpDouble, settings: Record<string, string> = {}) => {
  const config = load({
    KEY_MANAGER_ENABLED: "true",
    KEY_MANAGER_PROVIDER: "gcp-kms",
    GCP_KMS_ENDPOINT: server.origin,
    GCP_KMS_KEYS: KEK,
    ...settings,
  });
  return await configuredGcp({ config, env: {}, folder: "/nowhere", log });
};

describeCustodian(
  "GcpKeyStore, guarded, on a double,",
  async () => {
    const opened = new AsyncDisposableStack();
    const open = async () => opened.use(await configured(opened.use(await GcpDouble.start(KEK))));
    return {
      custodian: await open(),
      impostor: await open(),
      [Symbol.asyncDispose]: () => opened.disposeAsync(),
    };
  },
  { everyByte: 7 },
);

describe("configuredGcp", () => {
  it("asks nobody before it is started, and writes with the first key", async () => {
    await using server = await GcpDouble.start(KEK, gcpKey("old"));
    await using custodian = await configured(server, { GCP_KMS_KEYS: `${KEK},${gcpKey("old")}` });
    assert.equal(server.asked.length, 0);
    await custodian.start();
    const keys = [KEK, gcpKey("old")];
    assert.deepEqual(
      custodian.readableKeys,
      keys.map((keyId) => ({ provider: "gcp", keyId, keyVersion: 0 })),
    );
    assert.deepEqual(custodian.activeKey, custodian.readableKeys[0]);
    assert.ok(server.asked.every(({ name }) => name === KEK));
  });

  it("opens what Google wrapped before it is used", async () => {
    await using server = await GcpDouble.start(KEK);
    await using custodian = await configured(server);
    const use = { key: custodian.activeKey, binding: Buffer.alloc(32, 1) };
    await custodian.wrap(Buffer.alloc(65, 2), use);
    assert.deepEqual(
      server.asked.map(({ action }) => action),
      ["encrypt", "decrypt"],
    );
  });

  it("gives up a service that does not answer in time, and one that is not there", async () => {
    const server = await GcpDouble.start(KEK);
    const settings = { GCP_KMS_TIMEOUT: "200ms", KMS_RETRY_ENABLED: "false" };
    await using custodian = await configured(server, settings);
    server.override = () => new Promise(() => undefined);
    await assert.rejects(custodian.start(), is("keys.unavailable"));
    await server[Symbol.asyncDispose]();
    await assert.rejects(custodian.start(), is("keys.unavailable"));
  });

  it("finds the service at its usual address and by other ones", async () => {
    await using server = await GcpDouble.start(KEK);
    for (const endpoint of ["", "https://kms.example.com", "http://kms.example.com/"]) {
      await using _ = await configured(server, { GCP_KMS_ENDPOINT: endpoint });
    }
    assert.equal(server.asked.length, 0);
  });
});
