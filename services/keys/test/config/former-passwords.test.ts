import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { load, problems } from "./read-settings.ts";

const password = { ENCRYPTION_PASSWORD: "correct horse battery", ENCRYPTION_PASSWORD_VERSION: "3" };

describe("former_passwords", () => {
  it("are numbered sources", () => {
    const { former_passwords, password_version } = load({
      ...password,
      ENCRYPTION_FORMER_PASSWORDS: "1=env:OLD,2=file:/older",
    });
    assert.equal(password_version, 3);
    assert.deepEqual(
      former_passwords.map((each) => [each.version, each.password_source.reveal()]),
      [
        [1, "env:OLD"],
        [2, "file:/older"],
      ],
    );
  });

  it("have numbers of their own", () => {
    for (const list of ["1=env:A,1=env:B", "3=env:A"]) {
      const refused = problems({ ...password, ENCRYPTION_FORMER_PASSWORDS: list });
      assert.match(refused, /ENCRYPTION_FORMER_PASSWORDS/);
    }
  });
});
