import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { isFault } from "@s3eg/shared/faults.ts";
import { readGatewayConfig, readToolConfig } from "../src/gateway-config.ts";
import { COMPLETE, scratchFolder } from "./environment.ts";

const NO_KEYS = { KEY_MANAGER_ENABLED: "", SELF_CONTAINED_AES_KEYS: "" };
const SPLIT = { ...COMPLETE, NATS_URL: "nats://127.0.0.1:1", VALKEY_ADDR: "127.0.0.1:1" };

/** The problems that a configuration is refused with, line by line. */
function problemsOf(roles: string[], env: Readonly<Record<string, string | undefined>>): string[] {
  try {
    readGatewayConfig(roles, env);
    return [];
  } catch (error) {
    assert.ok(isFault(error, "config.invalid"));
    return error.message.split("\n");
  }
}

describe("the configuration of a gateway", () => {
  it("is good without a setting: the demo", () => {
    const { config, roles } = readGatewayConfig([], {});
    assert.ok(roles.has("dev-store"));
    assert.equal(config.backend.endpoint, undefined);
  });

  it("is good with a backend and keys, in one process or split", () => {
    assert.equal(readGatewayConfig([], COMPLETE).roles.has("dev-store"), false);
    for (const roles of [["edge"], ["crypto"], ["edge", "crypto"], ["audit"], ["admin"]]) {
      assert.deepEqual(problemsOf(roles, { ...SPLIT, ...NO_KEYS }), [], roles.join());
    }
    assert.deepEqual(problemsOf(["keys"], SPLIT), []);
  });

  it("is refused with every problem at once", () => {
    const problems = problemsOf([], {
      ...COMPLETE,
      LISTEN_ADDR: "nowhere",
      LOG_LEVEL: "loud",
      BACKEND_RETRY_MAX_ATTEMPTS: "99",
      TLS_ENABLED: "true",
    });
    for (const named of ["LISTEN_ADDR", "LOG_LEVEL", "BACKEND_RETRY_MAX_ATTEMPTS", "tls"]) {
      assert.ok(
        problems.some((line) => line.includes(named)),
        `${named} in ${problems.join(" | ")}`,
      );
    }
  });

  it("is refused with every problem that shows only when settings are seen together", () => {
    const problems = problemsOf(["edge", "dev-store"], { ...COMPLETE, NODE_ENV: "production" });
    for (const named of ["NATS_URL", "key_manager", "NODE_ENV", "backend"]) {
      assert.ok(
        problems.some((line) => line.includes(named)),
        named,
      );
    }
  });

  it("is refused where roles would have to find each other without a broker", () => {
    for (const roles of [["edge"], ["crypto", "keys"], ["edge", "crypto"], ["audit"]]) {
      const problems = problemsOf(roles, { ...COMPLETE, ...NO_KEYS });
      assert.ok(
        problems.some((line) => line.includes("NATS_URL")),
        roles.join(),
      );
    }
  });

  it("is refused where multipart uploads have no place for their state, unless they are off", () => {
    const split = { ...SPLIT, ...NO_KEYS, VALKEY_ADDR: "" };
    const off = { MULTIPART_STATE_EMBEDDED: "off" };
    for (const [roles, env] of [
      [["crypto"], split],
      [["edge", "crypto"], split],
      [[], { ...COMPLETE, ...off }],
      [[], off],
    ] as const) {
      const problems = problemsOf([...roles], env);
      assert.equal(problems.length, 1, problems.join());
      assert.match(problems.join(), /VALKEY_ADDR.*multipart uploads/);
      const without = { ...env, SERVER_DISABLE_MULTIPART_UPLOADS: "true" };
      assert.deepEqual(problemsOf([...roles], without), []);
      assert.deepEqual(problemsOf([...roles], { ...env, VALKEY_ADDR: "127.0.0.1:1" }), []);
    }
    // Who keeps no uploads needs no place for them.
    for (const role of ["edge", "audit", "admin"]) {
      assert.deepEqual(problemsOf([role], split), [], role);
    }
  });

  it("is refused where Valkey would be plaintext, unless that is asked for", () => {
    const plain = { ...COMPLETE, VALKEY_ADDR: "127.0.0.1:1", VALKEY_TLS_ENABLED: "false" };
    for (const env of [plain, { ...plain, NODE_ENV: "production" }]) {
      assert.match(problemsOf([], env).join(), /VALKEY_INSECURE_ALLOW_PLAINTEXT/);
      assert.deepEqual(problemsOf([], { ...env, VALKEY_INSECURE_ALLOW_PLAINTEXT: "true" }), []);
    }
  });

  it("is refused where a KEK lies with a process that is not keys", () => {
    for (const change of [{}, { KEY_MANAGER_ENABLED: "false" }]) {
      const [problem] = problemsOf(["edge", "crypto"], { ...SPLIT, ...change });
      assert.match(problem ?? "", /must not hold a KEK/);
    }
    for (const former of [
      { ENCRYPTION_FORMER_PASSWORDS: "2=env:OLD" },
      { MEMORY_KM_MASTER_KEY_SOURCE: "env:OLD" },
    ]) {
      const [problem] = problemsOf(["edge", "crypto"], { ...SPLIT, ...NO_KEYS, ...former });
      assert.match(problem ?? "", /must not hold a KEK/);
    }
  });

  it("is refused where keys are configured and would be passed over", () => {
    for (const env of [
      { ...COMPLETE, KEY_MANAGER_ENABLED: "false" },
      { SELF_CONTAINED_AES_KEYS: "1=env:KEK", KEK: "x" },
    ]) {
      assert.match(problemsOf([], env).join(), /KEY_MANAGER_ENABLED.*would not be used/);
    }
  });

  it("is that of one role for a tool, or of a gateway in one process", () => {
    const { roles } = readToolConfig("audit", {
      NATS_URL: "nats://127.0.0.1:1",
      AUDIT_ENABLED: "true",
    });
    assert.deepEqual([...roles], ["audit"]);
    assert.deepEqual([...readToolConfig("crypto", COMPLETE).roles], ["edge", "crypto", "keys"]);
    const { KEK: _, ...rest } = COMPLETE;
    assert.throws(() => readToolConfig("crypto", { ...rest, KEY_MANAGER_ENABLED: "x" }), {
      code: "config.invalid",
    });
  });

  it("needs nothing but a password for a KEK, and that with keys alone", () => {
    const password = { ENCRYPTION_PASSWORD: "correct horse battery" };
    assert.deepEqual(problemsOf([], { ...COMPLETE, ...NO_KEYS, ...password }), []);
    assert.deepEqual(problemsOf([], { ...COMPLETE, ...password }), []);
    const [problem] = problemsOf(["edge"], { ...SPLIT, ...NO_KEYS, ...password });
    assert.match(problem ?? "", /must not hold a KEK/);
  });

  it("is refused where nothing holds a KEK, but for the demo", () => {
    assert.match(
      problemsOf([], { ...COMPLETE, ...NO_KEYS }).join(),
      /only the demo makes up a key/,
    );
    assert.deepEqual(problemsOf([], NO_KEYS), []);
  });

  it("is refused where the demo store would stand before a configured backend", () => {
    const roles = ["edge", "crypto", "keys", "dev-store"];
    assert.match(problemsOf(roles, COMPLETE).join(), /takes the place of a backend/);
  });

  it("is refused as a demo in production", () => {
    assert.match(problemsOf([], { NODE_ENV: "production" }).join(), /NODE_ENV=production/);
  });

  it("comes from the file that CONFIG_PATH names, under the environment", async () => {
    await using scratch = await scratchFolder();
    const path = join(scratch.folder, "gateway.yaml");
    await writeFile(path, "log_level: debug\nzone: a\n");
    const { config } = readGatewayConfig([], { CONFIG_PATH: path, ZONE: "b" });
    assert.deepEqual([config.log_level, config.zone], ["debug", "b"]);
    await writeFile(path, "log_level: debug\nno_such_setting: 1\n");
    assert.match(
      problemsOf([], { CONFIG_PATH: path }).join(),
      /gateway\.yaml line 2.*no_such_setting/,
    );
    assert.match(problemsOf([], { CONFIG_PATH: `${path}.not` }).join(), /can't be read/);
  });

  it("quotes no value of a secret", () => {
    const problems = problemsOf([], {
      ...COMPLETE,
      BACKEND_ACCESS_KEY: "",
      BACKEND_SECRET_KEY: "hush",
    });
    assert.ok(problems.length > 0);
    assert.doesNotMatch(problems.join(), /hush/);
  });
});
