import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { openEntrance } from "../../services/cli/src/entrance.ts";
import { startGateway } from "../../services/cli/src/gateway.ts";
import { gatewaySchema, readGatewayConfig } from "../../services/cli/src/gateway-config.ts";
import { isFault } from "../../shared/src/faults.ts";
import { createLog } from "../../shared/src/runtime/log.ts";
import { settingsOf } from "../../shared/src/runtime/settings.ts";

type Env = Readonly<Record<string, string>>;

const FOLDER = join(import.meta.dirname, "../fixtures/configurations");
const data = mkdtempSync(join(tmpdir(), "configurations-"));
after(() => rmSync(data, { recursive: true }));

/** What a block that shows one section leaves to its reader: the variables it names, and a backend and a key where it has none. */
const NAMED: Env = {
  S3EG_AES_KEK: Buffer.alloc(32, 1).toString("base64"),
  VALKEY_PASSWORD: "password of the store",
  VALKEY_ENCRYPTION_PASSWORD: "password of the state",
};
const BACKEND: Env = {
  BACKEND_ENDPOINT: "http://127.0.0.1:1",
  BACKEND_ACCESS_KEY: "A",
  BACKEND_SECRET_KEY: "S",
  GW_CRED_0_ACCESS_KEY: "A",
  GW_CRED_0_SECRET_KEY: "S",
};
const PASSWORD: Env = { ENCRYPTION_PASSWORD: "a password of the test" };

interface Example {
  /** What is said beside the file. */
  readonly beside?: Env;
  /** What it needs that is not here; absent: it starts. */
  readonly needs?: string;
  /** Settings that are accepted and change nothing; those of audit are audit's business. */
  readonly withoutEffect?: readonly string[];
}

/** Every file of the folder. */
const EXAMPLES: Readonly<Record<string, Example>> = {
  "aes.env": { beside: BACKEND },
  "aes.yaml": { beside: BACKEND },
  "audit.yaml": { beside: { ...BACKEND, ...PASSWORD } },
  "cache.yaml": { beside: { ...BACKEND, ...PASSWORD } },
  "container-envelope.env": {},
  "container-local.env": {},
  "container-password.env": {},
  "cosmian.env": { beside: BACKEND, needs: "a KMIP server" },
  "cosmian.yaml": { beside: BACKEND, needs: "a KMIP server" },
  "metrics.yaml": { beside: { ...BACKEND, ...PASSWORD } },
  "multipart-state.yaml": { beside: { ...BACKEND, ...PASSWORD }, needs: "Valkey" },
  "no-multipart.yaml": { beside: { ...BACKEND, ...PASSWORD } },
  "part-buffer.yaml": { beside: { ...BACKEND, ...PASSWORD } },
  "password.env": {
    beside: BACKEND,
    withoutEffect: [
      "VALKEY_ENCRYPTION_PASSWORD_ENV (multipart_state.valkey.encryption_password_env)",
    ],
  },
  "password.yaml": {
    beside: BACKEND,
    needs: "Valkey",
    withoutEffect: ["multipart_state.valkey.encryption_password_env"],
  },
  "rate-limit.yaml": { beside: { ...BACKEND, ...PASSWORD } },
  "rsa.yaml": { beside: BACKEND, needs: "a key file" },
  "tls.yaml": { beside: { ...BACKEND, ...PASSWORD }, needs: "a certificate" },
  "whole.env": { withoutEffect: ["COMPRESSION_ENABLED"] },
  "whole.yaml": {},
};

/** Ports are free ones: tests run side by side. */
const HERE: Env = { LISTEN_ADDR: "127.0.0.1:0" };

for (const [name, { beside, needs, withoutEffect = [] }] of Object.entries(EXAMPLES)) {
  describe(`the configuration ${name}`, () => {
    const env = { ...NAMED, ...beside, ...environmentOf(name) };

    it("is accepted as it is", () => {
      const { config, roles, ...read } = readGatewayConfig([], env);
      assert.equal(roles.has("dev-store"), false);
      const named = read.withoutEffect.filter((setting) => !setting.startsWith("audit."));
      assert.deepEqual(named, withoutEffect);
      openEntrance(config, roles, env);
    });

    if (needs !== undefined) return;
    it("starts a gateway", async () => {
      const ports = name === "metrics.yaml" ? { METRICS_ADDR: "127.0.0.1:0" } : {};
      await using started = await startedGateway({
        ...env,
        ...HERE,
        ...ports,
        DATA_DIR: join(data, name),
      });
      const answer = await fetch(`http://127.0.0.1:${started.port}/live`);
      assert.equal(answer.status, 200);
    });
  });
}

describe("earlier configurations", () => {
  it("are all tried", () => {
    const files = readdirSync(FOLDER, { withFileTypes: true }).filter((entry) => entry.isFile());
    assert.deepEqual(files.map(({ name }) => name).toSorted(), Object.keys(EXAMPLES).toSorted());
  });

  it("may use every variable there was", () => {
    const named = settingsOf(gatewaySchema).map(({ env }) => env);
    const list = join(import.meta.dirname, "../fixtures/earlier-variables.txt");
    const variables = readFileSync(list, "utf8").trimEnd().split("\n");
    assert.ok(variables.length > 150);
    assert.deepEqual(
      variables.filter((variable) => !named.includes(variable)),
      [],
    );
  });

  it("bring their policies along", () => {
    const env = { ...BACKEND, ...PASSWORD, POLICIES: join(FOLDER, "policies/*.yaml") };
    const { config, roles } = readGatewayConfig([], env);
    const { policies } = openEntrance(config, roles, env);
    assert.equal(policies.of("my-important-bucket").id, "my-encrypted-bucket");
    assert.equal(policies.of("my-important-bucket").encryptsMultipart, true);
  });

  it("with mistakes are refused with all of them, each with its line", () => {
    const text = readFileSync(join(FOLDER, "whole.yaml"), "utf8")
      .replace('log_level: "info"', "log_level: loud")
      .replace("max_items: 1000", "max_item: 1000")
      .replace('window: "60s"', "window: soon");
    const lines = text.split("\n");
    const numberOf = (part: string) => lines.findIndex((line) => line.includes(part)) + 1;
    const path = join(data, "mistakes.yaml");
    writeFileSync(path, text);
    assert.throws(
      () => readGatewayConfig([], { ...NAMED, CONFIG_PATH: path }),
      (error) => {
        assert.ok(isFault(error, "config.invalid"));
        for (const part of ["log_level", "max_item", "window: soon"]) {
          assert.match(
            error.message,
            new RegExp(`line ${numberOf(part)}: .*${part.split(":")[0]}`),
          );
        }
        return true;
      },
    );
  });
});

/** A YAML file is named; variables are read from lines of a shell (`export A="b"`) or of a container's command line (`-e A="b" \`). */
function environmentOf(name: string): Env {
  const path = join(FOLDER, name);
  if (name.endsWith(".yaml")) return { CONFIG_PATH: path };
  const lines = readFileSync(path, "utf8").matchAll(
    /^(?:export|-e) (?<variable>\w+)=(?:"(?<quoted>[^"]*)"|(?<plain>[^\s#]*))/gm,
  );
  const variables = [...lines].map(({ groups }) => {
    const { variable = "", quoted, plain = "" } = groups ?? {};
    return [variable, quoted ?? plain] as const;
  });
  assert.ok(variables.length > 1, name);
  return Object.fromEntries(variables);
}

async function startedGateway(env: Env): Promise<{ port: number } & AsyncDisposable> {
  const { config, roles } = readGatewayConfig([], env);
  const stack = new AsyncDisposableStack();
  const stop = new AbortController().signal;
  const log = createLog({ service: "test", level: "error", destination: { write: () => {} } });
  const { port = 0 } = await startGateway({ config, roles, env, stack, stop, log });
  return { port, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}
