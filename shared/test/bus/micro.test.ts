import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MicroService } from "../../src/bus/micro.ts";

function open() {
  const service = new MicroService({ name: "s3eg.eu-keys", version: "1.2.3" });
  const endpoint = service.addEndpoint({
    name: "data-key.issue",
    subject: "s3eg.eu.keys.data-key.issue",
    queueGroup: "keys",
  });
  const ask = (pattern: RegExp) => {
    const found = service.answers().find(({ subject }) => pattern.test(subject));
    assert.ok(found);
    return JSON.parse(found.answer()) as Record<string, unknown>;
  };
  return { service, endpoint, ask };
}

describe("MicroService (ADR-32)", () => {
  it("answers PING, INFO and STATS for all, by name, and by name and id", () => {
    const { service, ask } = open();
    const { id } = ask(/^\$SRV\.PING$/);
    assert.equal(typeof id, "string");
    assert.deepEqual(
      service.answers().map(({ subject }) => subject),
      ["PING", "INFO", "STATS"].flatMap((verb) => [
        `$SRV.${verb}`,
        `$SRV.${verb}.s3eg-eu-keys`,
        `$SRV.${verb}.s3eg-eu-keys.${String(id)}`,
      ]),
    );
  });

  it("gives every instance an id of its own", () => {
    assert.notEqual(open().ask(/PING$/).id, open().ask(/PING$/).id);
  });

  it("says who it is in PING", () => {
    const { id, ...rest } = open().ask(/PING$/);
    assert.ok(id);
    assert.deepEqual(rest, {
      name: "s3eg-eu-keys",
      version: "1.2.3",
      metadata: {},
      type: "io.nats.micro.v1.ping_response",
    });
  });

  it("lists what it serves in INFO", () => {
    const info = open().ask(/INFO$/);
    assert.equal(info.type, "io.nats.micro.v1.info_response");
    assert.equal(info.description, "");
    assert.deepEqual(info.endpoints, [
      {
        name: "data-key-issue",
        subject: "s3eg.eu.keys.data-key.issue",
        queue_group: "keys",
        metadata: {},
      },
    ]);
  });

  it("counts questions, errors and nanoseconds in STATS", () => {
    const { endpoint, ask } = open();
    assert.deepEqual(statsOf(ask(/STATS$/)), [0, 0, "", 0, 0]);
    endpoint.record(1000);
    endpoint.record(2001.4, "keys.unavailable");
    const stats = ask(/STATS$/);
    assert.equal(stats.type, "io.nats.micro.v1.stats_response");
    assert.ok(!Number.isNaN(Date.parse(String(stats.started))));
    assert.deepEqual(statsOf(stats), [2, 1, "keys.unavailable", 3001, 1501]);
  });
});

function statsOf(stats: Record<string, unknown>): unknown[] {
  const [endpoint] = stats.endpoints as Record<string, unknown>[];
  assert.ok(endpoint);
  return [
    endpoint.num_requests,
    endpoint.num_errors,
    endpoint.last_error,
    endpoint.processing_time,
    endpoint.average_processing_time,
  ];
}
