import { MemoryBus } from "../../src/bus/memory-bus.ts";
import { busContract } from "./bus-contract.ts";

busContract("MemoryBus", async (log) => {
  const bus = new MemoryBus({ log });
  return {
    asker: bus,
    answerer: bus,
    isLocal: true,
    settle: async () => undefined,
    close: () => bus[Symbol.asyncDispose](),
  };
});
