import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { auditTailEndpoints } from "../../src/endpoints/audit-tail.ts";
import { ProcessTable } from "../../src/watch/process-table.ts";
import { RateSeries } from "../../src/watch/rate-series.ts";
import { TrailTail } from "../../src/watch/trail-tail.ts";
import { ask } from "./asked.ts";

function tail() {
  const trail = new TrailTail();
  const watch = { processes: new ProcessTable(), rates: new RateSeries(), trail };
  return { trail, endpoints: auditTailEndpoints(watch) };
}

const event = (n: number, success: boolean) => ({
  ...{ timestamp: "2026-01-02T03:04:05.000Z", eventId: `e${n}`, eventType: "encrypt" },
  ...{ operation: "PutObject", bucket: "b", key: "k", clientIp: "::1", requestId: `R${n}` },
  ...{ accessKey: "AK", status: success ? 200 : 403, success, bytesIn: 1, bytesOut: 2 },
  durationMs: 3.5,
});

describe("GET /admin/audit/tail", () => {
  it("says that it heard of nothing, which is not that nothing happened", async () => {
    const { body } = await ask(tail().endpoints, "GET /admin/audit/tail");
    assert.deepEqual(body, { is_heard: false, omitted: 0, events: [] });
  });

  it("gives the newest first, of those that fit the filters", async () => {
    const { trail, endpoints } = tail();
    const events = [event(1, true), event(2, false), event(3, true)];
    trail.heard({ events, omitted: 7, announcedAtMs: 1, mac: "" });
    const of = async (query: string) => {
      const { body } = await ask(endpoints, `GET /admin/audit/tail${query}`);
      assert.equal(body.omitted, 7);
      return (body.events as { event_id: string }[]).map(({ event_id }) => event_id).join(" ");
    };
    assert.equal(await of(""), "e3 e2 e1");
    assert.equal(await of("?limit=1"), "e3");
    assert.equal(await of("?result=failure&operation=PutObject&bucket=b&access_key=AK"), "e2");
    assert.equal(await of("?bucket=other"), "");
  });

  for (const query of ["limit=0", "limit=501", "limit=x", "result=maybe", "unheard=1", "bucket="]) {
    it(`refuses ${query}`, async () => {
      const { status } = await ask(tail().endpoints, `GET /admin/audit/tail?${query}`);
      assert.equal(status, 400);
    });
  }
});
