/** The FIPS profile at a start: its self-tests before anything else, and what the process computes with, for the log and the metrics. */
import type { Log } from "@s3eg/shared/runtime/log.ts";
import type { Metrics } from "@s3eg/shared/runtime/metrics.ts";
import { cryptoModule, fipsSelfTest } from "@s3eg/shared/sealing/fips.ts";

/** Under `encryption.fips`, `config.invalid` where a self-test fails. */
export function startFips(
  { fips }: { readonly fips: boolean },
  { metrics, log }: { readonly metrics: Metrics; readonly log: Log },
): void {
  metrics
    .gauge({ name: "gateway_fips_mode", help: "1 under the FIPS profile.", labels: [] })
    .set({}, fips ? 1 : 0);
  if (!fips) return;
  fipsSelfTest();
  const module = cryptoModule();
  if (module.isFipsProvider) log.info({ ...module }, "FIPS profile: self-tests passed");
  else {
    log.warn(
      { ...module },
      "FIPS profile: self-tests passed, but OpenSSL does not run its FIPS provider",
    );
  }
}
