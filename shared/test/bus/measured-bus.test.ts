import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { z } from "zod";
import { MeasuredBus } from "../../src/bus/measured-bus.ts";
import { MemoryBus } from "../../src/bus/memory-bus.ts";
import { announcement, question } from "../../src/contracts/contract.ts";
import { Fault } from "../../src/faults.ts";
import { createMetrics } from "../../src/runtime/metrics.ts";
import { KeptLog } from "../runtime/kept-log.ts";

const double = question("keys.number.double", { input: z.number(), output: z.number() });
const seen = announcement("keys.number.seen", z.number());

describe("the bus, measured", () => {
  it("counts questions, answers and announcements by subject and how they ended", async () => {
    const metrics = createMetrics();
    await using bus = new MeasuredBus(new MemoryBus({ log: new KeptLog() }), metrics);
    bus.serve(double, async (input) => {
      if (input === 0) throw new Fault("keys.refused", "nothing to double");
      return input * 2;
    });
    const heard: number[] = [];
    bus.subscribe(seen, (fact) => void heard.push(fact));
    assert.equal(await bus.request(double, 2, { requestId: "r" }), 4);
    await assert.rejects(bus.request(double, 0, { requestId: "r" }), { code: "keys.refused" });
    await bus.publish(seen, 1);
    assert.deepEqual(heard, [1]);
    const lines = (await metrics.text()).split("\n");
    for (const line of [
      'gateway_bus_questions_total{subject="keys.number.double",result="ok"} 1',
      'gateway_bus_questions_total{subject="keys.number.double",result="keys.refused"} 1',
      'gateway_bus_question_duration_seconds_count{subject="keys.number.double"} 2',
      'gateway_bus_answers_total{subject="keys.number.double",result="ok"} 1',
      'gateway_bus_answers_total{subject="keys.number.double",result="keys.refused"} 1',
      'gateway_bus_announcements_total{subject="keys.number.seen",result="ok"} 1',
      "gateway_bus_connected 1",
    ]) {
      assert.ok(lines.includes(line), line);
    }
  });
});
