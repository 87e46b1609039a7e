import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Fault, isFault } from "@s3eg/shared/faults.ts";
import { readVersions, refuseOtherKeys } from "../../src/custody/configured-versions.ts";
import { CountingCustodian } from "../counting-custodian.ts";

describe("readVersions", () => {
  it("gives every version, or every problem", () => {
    const settings = [{ version: 1 }, { version: 2 }, { version: 3 }];
    const read = readVersions(settings, ({ version }) => version * 10);
    assert.deepEqual(
      [...read],
      [
        [1, 10],
        [2, 20],
        [3, 30],
      ],
    );
    const refuse = ({ version }: { version: number }) => {
      if (version === 2) return 2;
      throw new Fault("config.invalid", `${version} is no key`);
    };
    assert.throws(
      () => readVersions(settings, refuse),
      (error) => isFault(error, "config.invalid") && error.message === "1 is no key\n3 is no key",
    );
  });

  it("hides no bug", () => {
    const bug = () => {
      throw new TypeError("a bug");
    };
    assert.throws(() => readVersions([{ version: 1 }], bug), TypeError);
  });
});

describe("refuseOtherKeys", () => {
  const custodian = new CountingCustodian();
  const [first] = custodian.readableKeys;
  assert.ok(first);
  const check_value = custodian.checkValue(first)?.toUpperCase();

  it("lets keys pass that have their check value, or need none", () => {
    refuseOtherKeys(custodian, [{ version: 1, check_value }, { version: 2 }]);
  });

  it("names every version that has another", () => {
    assert.throws(
      () =>
        refuseOtherKeys(custodian, [
          { version: 2, check_value },
          { version: 9, check_value },
        ]),
      (error) => isFault(error, "config.invalid") && /version 2.*\n.*version 9/.test(error.message),
    );
  });
});
