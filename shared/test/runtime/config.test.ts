import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { inspect } from "node:util";
import { z } from "zod";
import { Fault } from "../../src/faults.ts";
import {
  durationMs,
  fileMode,
  listenAddress,
  loadConfig,
  secret,
  settingPlace,
} from "../../src/runtime/config.ts";

const Example = z.strictObject({
  listen_addr: listenAddress().prefault(":8080").meta({ env: "LISTEN_ADDR" }),
  server: z
    .strictObject({
      idle_timeout: durationMs().prefault("60s").meta({ env: "SERVER_IDLE_TIMEOUT" }),
      max_header_bytes: z.number().int().positive().default(1048576).meta({ env: "SERVER_MAX" }),
      force_https: z.boolean().default(false).meta({ env: "SERVER_FORCE_HTTPS" }),
      trusted_proxies: z.array(z.string()).default([]).meta({ env: "SERVER_TRUSTED_PROXIES" }),
    })
    .prefault({}),
  backend: z
    .strictObject({
      access_key: z.string().meta({ env: "BACKEND_ACCESS_KEY" }),
      secret_key: secret().optional().meta({ env: "BACKEND_SECRET_KEY" }),
      mode: fileMode().prefault("0600").meta({ env: "BACKEND_MODE" }),
      weights: z.record(z.string(), z.number()).default({}),
    })
    .prefault({} as { access_key: string }),
});

const load = (yamlText: string, env: Record<string, string> = {}) =>
  loadConfig(Example, { yamlText, env: { BACKEND_ACCESS_KEY: "ak", ...env } });

function problemsOf(work: () => unknown): string[] {
  try {
    work();
  } catch (error) {
    assert.ok(error instanceof Fault && error.code === "config.invalid", inspect(error));
    return error.message.split("\n");
  }
  return assert.fail("the configuration was accepted");
}

describe("loadConfig", () => {
  it("gives defaults for nested sections that are not there", () => {
    const config = load("");
    assert.deepEqual(config.listen_addr, { port: 8080 });
    assert.equal(config.server.idle_timeout, 60_000);
    assert.equal(config.backend.mode, 0o600);
  });

  it("lets the environment win over YAML, by the kind of each leaf", () => {
    const config = load(
      "listen_addr: ':1'\nserver: {idle_timeout: 1s, max_header_bytes: 5, force_https: false}",
      {
        LISTEN_ADDR: "127.0.0.1:9000",
        SERVER_IDLE_TIMEOUT: "1h30m",
        SERVER_MAX: "77",
        SERVER_FORCE_HTTPS: "1",
        SERVER_TRUSTED_PROXIES: "10.0.0.0/8, ::1/128,",
        BACKEND_MODE: "0640",
      },
    );
    assert.deepEqual(config.listen_addr, { host: "127.0.0.1", port: 9000 });
    assert.deepEqual(config.server, {
      idle_timeout: 5_400_000,
      max_header_bytes: 77,
      force_https: true,
      trusted_proxies: ["10.0.0.0/8", "::1/128"],
    });
    assert.equal(config.backend.mode, 0o640);
  });

  it("never lets an empty variable or an empty YAML value override anything", () => {
    const config = load("server:\n  idle_timeout: ''\n  max_header_bytes:\nbackend:\n", {
      LISTEN_ADDR: "",
    });
    assert.equal(config.server.idle_timeout, 60_000);
    assert.equal(config.server.max_header_bytes, 1048576);
    assert.deepEqual(config.listen_addr, { port: 8080 });
  });

  it("collects all problems, each with its variable or its path and line, and quotes no value", () => {
    const problems = problemsOf(() =>
      load("server:\n  idle_timeout: s3cret-word\n  wrong: s3cret-word\nbackend: {mode: 0999}\n", {
        SERVER_FORCE_HTTPS: "yes",
        SERVER_MAX: "12x",
        LISTEN_ADDR: "s3cret-word",
      }),
    );
    assert.deepEqual(problems.toSorted(), [
      "LISTEN_ADDR (listen_addr): expected an address such as :8080, 127.0.0.1:8080 or [::1]:8080",
      "SERVER_FORCE_HTTPS (server.force_https): expected true, 1, false or 0",
      "SERVER_MAX (server.max_header_bytes): expected a number",
      "config.yaml line 2: server.idle_timeout (SERVER_IDLE_TIMEOUT): expected a duration such as 100ms, 30s or 1h30m",
      "config.yaml line 3: server.wrong: unknown setting",
      "config.yaml line 4: backend.mode (BACKEND_MODE): expected an octal file mode such as 0600",
    ]);
  });

  it("says which variable would give a required setting", () => {
    assert.deepEqual(
      problemsOf(() => loadConfig(Example, { env: {} })),
      ["config.yaml: backend.access_key (BACKEND_ACCESS_KEY): is required"],
    );
  });

  it("refuses a number that is out of range, naming the variable it came from", () => {
    const [problem] = problemsOf(() => load("", { SERVER_MAX: "1.5" }));
    assert.match(problem ?? "", /^SERVER_MAX \(server\.max_header_bytes\): .*int/);
  });

  it("refuses a section that is not a map, also where the environment sets a leaf of it", () => {
    const problems = problemsOf(() => load("server: 5", { SERVER_MAX: "5" }));
    assert.deepEqual(problems, [
      "config.yaml line 1: server: invalid input: expected object, received number",
    ]);
  });

  it("leaves the top-level sections of others alone, and only those", () => {
    const sources = {
      yamlText: "audit: {enabled: true}\n",
      env: { BACKEND_ACCESS_KEY: "ak" },
      yamlName: "gw.yaml",
    };
    assert.equal(
      loadConfig(Example, { ...sources, otherSections: ["audit"] }).backend.access_key,
      "ak",
    );
    assert.deepEqual(
      problemsOf(() => loadConfig(Example, sources)),
      ["gw.yaml line 1: audit: unknown setting"],
    );
  });

  it("hands items of a list of structures on as text, for a schema that knows a compact form", () => {
    const entry = z.strictObject({ version: z.number(), source: z.string() });
    const split = (item: unknown) => {
      const [version, source] = typeof item === "string" ? item.split("=") : [];
      return source === undefined ? item : { version: Number(version), source };
    };
    const keys = z.array(z.preprocess(split, entry)).meta({ env: "KEYS" });
    const schema = z.strictObject({ keys });
    const written = loadConfig(schema, { env: { KEYS: "1=a, 2=b" } });
    assert.deepEqual(written.keys, [
      { version: 1, source: "a" },
      { version: 2, source: "b" },
    ]);
    assert.throws(() => loadConfig(schema, { env: { KEYS: "1=a,b" } }), Fault);
  });

  it("gives a value that is frozen all the way down", () => {
    const config = load("server: {trusted_proxies: [a]}");
    assert.throws(() => Object.assign(config, { listen_addr: { port: 1 } }), TypeError);
    assert.throws(() => config.server.trusted_proxies.push("b"), TypeError);
  });

  it("reads text that looks like a number as text, in the environment and in YAML", () => {
    const config = load("backend: {access_key: 0123, secret_key: 12345678901234567890}");
    assert.equal(config.backend.secret_key?.reveal(), "12345678901234567890");
    assert.equal(config.backend.access_key, "ak");
    assert.equal(load("", { BACKEND_ACCESS_KEY: "0123" }).backend.access_key, "0123");
  });
});

describe("a leaf", () => {
  const durations: readonly (readonly [string, number])[] = [
    ["0", 0],
    ["100ms", 100],
    ["1.5s", 1500],
    ["1h30m", 5_400_000],
    ["250us", 0.25],
    ["2h45m30.5s", 9_930_500],
  ];
  for (const [text, expected] of durations) {
    it(`reads the duration ${text}`, () => {
      assert.equal(durationMs().parse(text), expected);
    });
  }
  for (const text of ["", "5", "-1s", "1 s", "s", "1s5", "1d", "1h-30m"]) {
    it(`refuses the duration "${text}"`, () => {
      assert.equal(durationMs().safeParse(text).success, false);
    });
  }

  const addresses: readonly (readonly [string, object])[] = [
    [":8080", { port: 8080 }],
    ["0.0.0.0:0", { host: "0.0.0.0", port: 0 }],
    ["localhost:80", { host: "localhost", port: 80 }],
    ["[::1]:65535", { host: "::1", port: 65535 }],
  ];
  for (const [text, expected] of addresses) {
    it(`reads the address ${text}`, () => {
      assert.deepEqual(listenAddress().parse(text), expected);
    });
  }
  for (const text of ["8080", ":", ":65536", "::1:80", "[a]:80", "http://a:1", ":http"]) {
    it(`refuses the address "${text}"`, () => {
      assert.equal(listenAddress().safeParse(text).success, false);
    });
  }

  it("reads file modes in octal only", () => {
    assert.equal(fileMode().parse("0640"), 0o640);
    assert.equal(fileMode().parse("0o600"), 0o600);
    assert.equal(fileMode().safeParse("384").success, false);
  });

  it("refuses an empty secret", () => {
    assert.equal(secret().safeParse("").success, false);
  });
});

describe("settingPlace", () => {
  it("is a line of the file, or the variable that won", () => {
    const path = ["server", "idle_timeout"];
    const source = { yamlText: "server:\n  idle_timeout: 1s\n", yamlName: "a.yaml" };
    assert.equal(
      settingPlace(Example, { ...source, env: {} }, path),
      "a.yaml line 2: server.idle_timeout (SERVER_IDLE_TIMEOUT)",
    );
    const env = { SERVER_IDLE_TIMEOUT: "2s" };
    assert.equal(
      settingPlace(Example, { ...source, env }, path),
      "SERVER_IDLE_TIMEOUT (server.idle_timeout)",
    );
  });
});
