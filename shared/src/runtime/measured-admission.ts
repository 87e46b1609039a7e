/** Admission, and what is told of it. */
import { isFault } from "../faults.ts";
import { Admission, type AdmissionLimits } from "./admission.ts";
import type { Metrics } from "./metrics.ts";

/** Opens the admission of a process, which tells in `metrics` how full it is, who waited how long, and how many were turned away. */
export function openAdmission(limits: AdmissionLimits, metrics: Metrics): Pick<Admission, "enter"> {
  const admission = new Admission(limits);
  metrics.gauge({
    name: "gateway_admission_limit_bytes",
    help: "Memory that requests under way may need.",
    read: () => limits.maxBytes,
  });
  metrics.gauge({
    name: "gateway_admission_bytes",
    help: "Memory that requests under way may need: reserved.",
    read: () => admission.state.bytes,
  });
  metrics.gauge({
    name: "gateway_admission_requests",
    help: "Requests under way that have their memory reserved.",
    read: () => admission.state.requests,
  });
  metrics.gauge({
    name: "gateway_admission_waiting_requests",
    help: "Requests that wait for a place.",
    read: () => admission.state.waiting,
  });
  const refused = metrics.counter({
    name: "gateway_admission_refused_requests_total",
    help: "Requests that found no place in time, or no room to wait for one.",
  });
  const waited = metrics.histogram({
    name: "gateway_admission_wait_seconds",
    help: "How long requests waited for their place, those that were turned away included.",
    buckets: [0.001, 0.01, 0.1, 0.5, 1, 2.5, 5, 10, 30],
  });
  return {
    async enter(asking) {
      const startMs = performance.now();
      try {
        return await admission.enter(asking);
      } catch (error) {
        if (isFault(error, "limit.busy")) refused.add({});
        throw error;
      } finally {
        waited.observe({}, (performance.now() - startMs) / 1000);
      }
    },
  };
}
