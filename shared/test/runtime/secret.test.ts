import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { format, inspect } from "node:util";
import { Secret } from "../../src/runtime/secret.ts";

describe("Secret", () => {
  const secret = new Secret("hush");

  it("gives its value to who asks by name", () => {
    assert.equal(secret.reveal(), "hush");
    const bytes = Buffer.from("hush");
    assert.equal(new Secret(bytes).reveal(), bytes);
  });

  it("prints as [secret] in every other way", () => {
    const printed = [
      String(secret),
      `${secret}`,
      JSON.stringify({ secret }),
      inspect({ secret }, { depth: null, showHidden: true }),
      format("%s %j %o", secret, secret, secret),
      Object.entries(secret).join(),
    ];
    for (const text of printed) assert.doesNotMatch(text, /hush/);
    assert.equal(inspect(secret), "[secret]");
  });
});
