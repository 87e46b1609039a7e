/**
 * What the process tells of itself beside Node's own metrics: the names of the Go runtime, with what of Node is nearest to each, so
 * that dashboards of before go on showing memory, threads and pauses.
 */
import { readFileSync } from "node:fs";
import { PerformanceObserver } from "node:perf_hooks";
import { getHeapStatistics } from "node:v8";
import type { Metrics } from "./metrics.ts";

/** Registers all of it. */
export function processMetrics(metrics: Metrics): void {
  memoryMetrics(metrics);
  workMetrics(metrics);
  const info = metrics.gauge({
    name: "go_info",
    help: "1, with the version of the runtime, which is Node's.",
    labels: ["version"],
  });
  info.set({ version: `node${process.versions.node}` }, 1);
  const hardware = metrics.gauge({
    name: "hardware_acceleration_enabled",
    help: "1 where the processor has instructions for AES, which OpenSSL uses; 0 also where the system does not tell.",
    labels: ["type"],
  });
  hardware.set({ type: "aes" }, hasAesInstructions() ? 1 : 0);
}

function memoryMetrics(metrics: Metrics): void {
  const heapUsed = () => process.memoryUsage().heapUsed;
  const resident = () => process.memoryUsage.rss();
  metrics.gauge({
    name: "memory_alloc_bytes",
    help: "Bytes of JavaScript heap in use.",
    read: heapUsed,
  });
  metrics.gauge({
    name: "memory_sys_bytes",
    help: "Bytes of memory held from the operating system.",
    read: resident,
  });
  metrics.gauge({
    name: "go_memstats_alloc_bytes",
    help: "Bytes of JavaScript heap in use.",
    read: heapUsed,
  });
  metrics.gauge({
    name: "go_memstats_heap_alloc_bytes",
    help: "Bytes of JavaScript heap in use.",
    read: heapUsed,
  });
  metrics.gauge({
    name: "go_memstats_heap_inuse_bytes",
    help: "Bytes of JavaScript heap reserved.",
    read: () => process.memoryUsage().heapTotal,
  });
  metrics.gauge({
    name: "go_memstats_next_gc_bytes",
    help: "Bytes that the JavaScript heap may grow to.",
    read: () => getHeapStatistics().heap_size_limit,
  });
  metrics.gauge({
    name: "go_memstats_sys_bytes",
    help: "Bytes of memory held from the operating system.",
    read: resident,
  });
}

function workMetrics(metrics: Metrics): void {
  metrics.gauge({
    name: "goroutines_total",
    help: "What the process has under way: timers, sockets, files.",
    read: underWay,
  });
  metrics.gauge({
    name: "go_goroutines",
    help: "What the process has under way: timers, sockets, files.",
    read: underWay,
  });
  metrics.gauge({
    name: "go_threads",
    help: "Threads of the process; 0 where the system does not tell.",
    read: () => Number(systemFile("/proc/self/status").match(/^Threads:\s*(\d+)/m)?.[1] ?? 0),
  });
  const pauses = metrics.histogram({
    name: "go_gc_duration_seconds",
    help: "Seconds of garbage collections.",
    buckets: [0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5],
  });
  const observer = new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) pauses.observe({}, duration / 1000);
  });
  observer.observe({ entryTypes: ["gc"] });
}

function underWay(): number {
  return process.getActiveResourcesInfo().length;
}

/** `aes` among the flags (x86) or features (ARM) of the first processor. */
function hasAesInstructions(): boolean {
  return /^(?:flags|Features)\s*:.*\baes\b/m.test(systemFile("/proc/cpuinfo"));
}

/** Empty where there is no such file. */
function systemFile(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
