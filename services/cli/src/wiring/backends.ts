/** The backend client of a process, from `backend.*` and the identities that credentials bring along. */
import type { Backend } from "@s3eg/shared/backend/backend.ts";
import { backendMetrics } from "@s3eg/shared/backend/backend-metrics.ts";
import { pinningCopies } from "@s3eg/shared/backend/copy-pin.ts";
import {
  awsDefaultCredentials,
  type BackendCredentials,
  type BackendIdentity,
  type FurtherIdentities,
  staticCredentials,
} from "@s3eg/shared/backend/credentials.ts";
import { withoutMetadata } from "@s3eg/shared/backend/metadata-filter.ts";
import { profileOf } from "@s3eg/shared/backend/profile.ts";
import { S3Backend } from "@s3eg/shared/backend/s3-backend.ts";
import { Fault } from "@s3eg/shared/faults.ts";
import type { BackendSection } from "@s3eg/shared/runtime/common-config.ts";
import type { Log } from "@s3eg/shared/runtime/log.ts";
import type { Metrics } from "@s3eg/shared/runtime/metrics.ts";

/** What a backend client is opened with besides its settings. */
export interface BackendParts {
  readonly identities: readonly BackendIdentity[] | FurtherIdentities;
  readonly log: Log;
  /** Absent for tools, whose requests nobody scrapes. */
  readonly metrics?: Metrics;
}

/** Opens the backend client. Azure and GCS have an S3 dialect at best: what this version can't do with them it does not pretend. */
export function openBackend(
  config: BackendSection,
  { identities, log, metrics }: BackendParts,
): Backend {
  if (config.type === "azure") {
    throw new Fault("config.invalid", "backend.type azure: Azure Blob Storage has no S3 interface");
  }
  const endpoint = endpointOf(config);
  const { retry, upload_checksum } = config;
  const { lacksTrailers, renamesCopyPin } = profileOf(config.provider, endpoint);
  const backend = new S3Backend({
    endpoint,
    region: config.region,
    // A host that is an address has no room for a bucket in front.
    isPathStyle: config.use_path_style || /^[\d.]+$|^\[|^localhost$/.test(endpoint.hostname),
    credentials: credentialsOf(config, identities, log),
    retry: {
      maxAttempts: retry.mode === "off" ? 1 : retry.max_attempts,
      initialBackoffMs: retry.initial_backoff,
      maxBackoffMs: retry.max_backoff,
      jitter: retry.jitter,
      perOperation: retry.mode === "off" ? {} : retry.per_operation,
      repeatsCopies: retry.safe_copy_object,
    },
    timeouts: { connectMs: 5000, headersMs: 60_000, idleMs: 60_000 },
    maxConnections: 256,
    uploadChecksum: lacksTrailers && upload_checksum === "auto" ? "none" : upload_checksum,
    log,
    ...(metrics ? { observer: backendMetrics(metrics, retry.mode) } : {}),
  });
  return withoutMetadata(
    renamesCopyPin ? pinningCopies(backend) : backend,
    config.filter_metadata_keys,
  );
}

/** URL of the backend: as configured, with a scheme of its own where it has none, or Amazon S3 of the region. */
export function endpointOf(config: Pick<BackendSection, "endpoint" | "region" | "use_ssl">): URL {
  const { endpoint, region, use_ssl } = config;
  if (endpoint === undefined) return new URL(`https://s3.${region}.amazonaws.com`);
  const text = endpoint.includes("://") ? endpoint : `${use_ssl ? "https" : "http"}://${endpoint}`;
  if (!URL.canParse(text)) throw new Fault("config.invalid", "backend.endpoint is not a URL");
  return new URL(text);
}

function credentialsOf(
  config: BackendSection,
  identities: BackendParts["identities"],
  log: Log,
): BackendCredentials {
  const { access_key: accessKey, secret_key: secretKey } = config;
  if (accessKey === undefined || secretKey === undefined) {
    return awsDefaultCredentials({ additional: identities, log });
  }
  return staticCredentials({ accessKey, secretKey }, identities);
}
