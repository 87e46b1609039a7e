/** `s3eg keys`: the versions of the KEK, and what each may be used for. It runs where keys runs: with its settings and its DATA_DIR. */
import { Fault } from "@s3eg/shared/faults.ts";
import { createLog } from "@s3eg/shared/runtime/log.ts";
import { changeVersion, type Rotation } from "../../../keys/src/rotation/configured-rotation.ts";
import { type Env, readGatewayConfig } from "../gateway-config.ts";
import { openKeyVersions } from "../wiring/key-versions.ts";

const USAGE = "usage: s3eg keys list | check | rotate VERSION | retire VERSION | restore VERSION";

const ACTIONS = { rotate: "rotated", retire: "retired", restore: "restored" } as const;

/** Text for the terminal. A running gateway heeds a change from its next data key on. */
export async function keys(args: readonly string[], env: Env): Promise<string> {
  const [verb = "", version, ...more] = args;
  if (more.length > 0) throw new Fault("input.invalid", USAGE);
  if ((verb === "list" || verb === "check") && version === undefined) {
    return await withRotation(env, async (rotation) => {
      if (verb === "check") await rotation.custodian.check();
      return listOf(rotation) + (verb === "check" ? "the key store can wrap and unwrap\n" : "");
    });
  }
  const action = Object.entries(ACTIONS).find(([name]) => name === verb)?.[1];
  if (!action || version === undefined || !/^\d{1,10}$/.test(version)) {
    throw new Fault("input.invalid", USAGE);
  }
  return await withRotation(env, async (rotation) => {
    await Promise.resolve();
    changeVersion(rotation, action, Number(version));
    return listOf(rotation);
  });
}

async function withRotation(
  env: Env,
  use: (rotation: Rotation) => Promise<string>,
): Promise<string> {
  const { config } = readGatewayConfig(["edge", "crypto", "keys"], env);
  const log = createLog({ service: "cli", level: "warn" });
  const rotation = await openKeyVersions({ config, env, log });
  await using custodian = rotation.custodian;
  await custodian.start();
  return await use(rotation);
}

function listOf({ custodian }: Rotation): string {
  const rows = custodian.states().map(({ key, state }) => {
    const { provider, keyId, keyVersion } = key;
    const value = custodian.checkValue(key) ?? "-";
    return [state, provider, String(keyVersion), value, keyId];
  });
  const table = [["state", "provider", "version", "check value", "key id"], ...rows];
  const widths = [10, 14, 9, 18];
  return table
    .map((row) => `${row.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join("")}\n`)
    .join("");
}
