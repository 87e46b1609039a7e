/**
 * Keeps the garbage of bulk bodies small. Every piece of a body is a buffer outside V8's heap that dies at once; but V8 collects
 * the young only when its own small objects fill up, so hundreds of megabytes of dead buffers gather until their weight sets off
 * collections of the whole heap, one after the other. A collection of the young after every few megabytes costs a millisecond and
 * ends both (docs/decisions/0008-young-collections.md: about half of the CPU of a bulk body, and a third of the peak memory).
 *
 * The one module with state of its own: what it looks after, the process's heap, exists once as well.
 */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** Bytes of bodies between two collections. */
const COLLECT_EVERY_BYTES = 8 * 1024 * 1024;

let bytesSince = 0;
let collect: NodeJS.GCFunction | undefined;

/** Says that so many bytes of short-lived buffers have passed. */
export function passedShortLived(bytes: number): void {
  bytesSince += bytes;
  if (bytesSince < COLLECT_EVERY_BYTES) return;
  bytesSince = 0;
  collect ??= collector();
  // The typings know the call without `execution` only as asynchronous; it is not.
  collect({ type: "minor", execution: "sync" });
}

/**
 * Gives back what starting left behind. Parsing and compiling fill a heap several times the size of what is then in use, and V8 keeps
 * it until something presses. A tenth of a second, once, before anybody is served.
 */
export function startedUp(): void {
  collect ??= collector();
  collect({ type: "major", execution: "sync", flavor: "last-resort" });
}

/** V8's own `gc`, which a flag puts into contexts made after it. */
function collector(): NodeJS.GCFunction {
  setFlagsFromString("--expose-gc");
  return runInNewContext("gc") as NodeJS.GCFunction;
}
