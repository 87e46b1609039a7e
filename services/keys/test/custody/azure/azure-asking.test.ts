import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { AzureAsking, type AzureCallOptions } from "../../../src/custody/azure/azure-asking.ts";
import { is } from "../../issued-header.ts";

const version = "0123456789abcdef0123456789abcdef";
const kid = `https://a-vault.vault.azure.net/keys/kek/${version}`;
const never = new AbortController().signal;

/** What a call of the SDK does: it shows the answer as it came, then gives a result. */
const answering =
  (body: string, result = Buffer.of(7)) =>
  ({ onResponse }: AzureCallOptions) => {
    onResponse({ bodyAsText: body });
    return Promise.resolve({ result });
  };
const askingOf = () => new AzureAsking({ name: "kek", azureVersion: version });

describe("AzureAsking", () => {
  it("takes an answer that names the key, at whatever address and in whatever case", async () => {
    const others = [kid.replace("a-vault.vault.azure.net", "10.0.0.1:8443"), kid.toUpperCase()];
    for (const named of [kid, ...others.map((other) => other.replace("HTTPS", "https"))]) {
      const { result } = await askingOf().ask(answering(JSON.stringify({ kid: named })), never);
      assert.deepEqual(result, Buffer.of(7), named);
    }
  });

  it("takes none that names another key or none, and wipes it", async () => {
    for (const body of [
      JSON.stringify({ kid: `${kid}/more` }),
      JSON.stringify({ kid: kid.replace("kek", "other") }),
      JSON.stringify({ kid: `/keys/kek/${version}` }),
      JSON.stringify({ kid: 7 }),
      "{}",
      "null",
    ]) {
      const result = Buffer.of(7);
      const asked = askingOf().ask(answering(body, result), never);
      await assert.rejects(asked, is("keys.unavailable"), body);
      assert.deepEqual(result, Buffer.of(0), body);
    }
  });

  it("asks one question at a time until one has worked, then all at once", async () => {
    const asking = askingOf();
    let atOnce = 0;
    let most = 0;
    const ask = async (works: boolean) =>
      await asking.ask(async (options) => {
        atOnce += 1;
        most = Math.max(most, atOnce);
        await new Promise((resolve) => setImmediate(resolve));
        atOnce -= 1;
        if (!works) throw new Error("no");
        return await answering(JSON.stringify({ kid }))(options);
      }, never);
    const first = await Promise.allSettled([ask(false), ask(false), ask(true)]);
    assert.deepEqual(
      first.map(({ status }) => status),
      ["rejected", "rejected", "fulfilled"],
    );
    assert.equal(most, 1);
    await Promise.all([ask(true), ask(true), ask(true)]);
    assert.equal(most, 3);
  });

  it("does not ask what is to end already", async () => {
    const asked = askingOf().ask(() => assert.fail("was asked"), AbortSignal.abort());
    await assert.rejects(asked, is("keys.unavailable"));
  });
});
