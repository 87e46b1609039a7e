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

/** What ended this long ago, and nothing since, is collected. */
const IDLE_MS = 3000;

let bytesSince = 0;
let endedSince = 0;
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

/** Says that something has ended that had keys: their memory is OpenSSL's, which overwrites it once V8 knows that nobody refers to it. */
export function endedShortLived(): void {
  endedSince += 1;
}

/**
 * Collects everything once nothing has ended for `idleMs`, until disposed of: V8 itself sees no need in a process that does nothing,
 * and keys of the last requests would stay in its memory. Some 30 ms, once after each busy time; a busy process collects by itself.
 */
export function collectWhenIdle(idleMs = IDLE_MS): Disposable {
  let seen = 0;
  const timer = setInterval(() => {
    const isIdle = endedSince > 0 && endedSince === seen;
    seen = endedSince;
    if (!isIdle) return;
    endedSince = 0;
    seen = 0;
    collect ??= collector();
    collect({ type: "major", execution: "sync" });
  }, idleMs);
  timer.unref();
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

/** V8's own `gc`, which a flag puts into contexts made after it. */
function collector(): NodeJS.GCFunction {
  setFlagsFromString("--expose-gc");
  return runInNewContext("gc") as NodeJS.GCFunction;
}
