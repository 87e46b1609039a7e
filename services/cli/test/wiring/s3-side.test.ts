import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { describe, it } from "node:test";
import { Health } from "@s3eg/shared/runtime/health.ts";
import { createMetrics } from "@s3eg/shared/runtime/metrics.ts";
import { RulesInForce } from "../../src/reload/rules-in-force.ts";
import { edgeRules, openS3Side, policiesOf } from "../../src/wiring/s3-side.ts";
import { openTracedWays } from "../../src/wiring/tracing.ts";
import { KeptLog } from "../environment.ts";
import { rulesOf } from "../reload/some-rules.ts";

describe("openS3Side", () => {
  it("signs by the identities of now, and for a while by one that is gone", async () => {
    const signedBy: (string | undefined)[] = [];
    await using server = createServer((request, response) => {
      signedBy.push(/Credential=([^/]+)/.exec(request.headers.authorization ?? "")?.[1]);
      response.end();
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    assert.ok(typeof address === "object" && address !== null);
    const rulesWith = (name: string) =>
      rulesOf({
        BACKEND_ENDPOINT: `http://127.0.0.1:${address.port}`,
        GW_CRED_0_BACKEND_ACCESS_KEY: name,
        GW_CRED_0_BACKEND_SECRET_KEY: "s",
      });
    const log = new KeptLog();
    await using stack = new AsyncDisposableStack();
    const rules = new RulesInForce(rulesWith("FORMER"));
    const { config } = rules.current;
    const ways = await openTracedWays(config.tracing, { roles: new Set(["edge"]), stack, log });
    const health = new Health({ version: "0", log });
    const side = openS3Side({ rules, stack, log, health, metrics: createMetrics(), ways });
    assert.ok(side);
    const ask = async (identity: string) => {
      const asked = { method: "GET", bucket: "b", identity, requestId: "r" } as const;
      await (await side.backend.send(asked)).text();
    };
    await assert.rejects(ask("LATER"), { code: "config.invalid" });
    await rules.exchange(rulesWith("LATER"));
    for (const identity of ["FORMER", "LATER"]) await ask(identity);
    assert.deepEqual(signedBy, ["FORMER", "LATER"]);
  });
});

describe("edgeRules", () => {
  it("are what edge goes by", () => {
    const rules = rulesOf();
    const { config, policies, credentials } = edgeRules(rules);
    assert.equal(config, rules.config);
    assert.equal(policies, policiesOf(rules));
    assert.ok(credentials.find("A"));
    assert.throws(() => edgeRules({ ...rules, entrance: undefined }), /edge/);
  });
});
