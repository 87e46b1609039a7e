/** Real S3 clients through a gateway in one process, over plain HTTP and TLS, on every backend of this run. Prints the matrix. */
import { rejects } from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { CreateBucketCommand } from "@aws-sdk/client-s3";
import { awsCli } from "../clients/aws-cli.ts";
import { awsSdkJs, sdkClientOf } from "../clients/aws-sdk-js.ts";
import { boto3 } from "../clients/boto3.ts";
import { knownFault } from "../clients/matrix/known-faults.ts";
import {
  type MatrixClient,
  OPERATIONS,
  type Operation,
  type Session,
  type Site,
} from "../clients/matrix/operations.ts";
import { type Sample, writeSamples } from "../clients/matrix/samples.ts";
import { MatrixTable } from "../clients/matrix/table.ts";
import { openWitness } from "../clients/matrix/witness.ts";
import { mc } from "../clients/mc.ts";
import { minioJs } from "../clients/minio-js.ts";
import { rclone } from "../clients/rclone.ts";
import { restic } from "../clients/restic.ts";
import { s3cmd } from "../clients/s3cmd.ts";
import { s3fs } from "../clients/s3fs.ts";
import { s5cmd } from "../clients/s5cmd.ts";
import { startGateway } from "../gateway.ts";
import { backendNames, startBackend } from "../servers/backends.ts";
import { makeScratch } from "../servers/place.ts";
import type { S3Server } from "../servers/s3-server.ts";
import { makeTestPki, type TestPki } from "../servers/test-pki.ts";

const CLIENTS: readonly MatrixClient[] = [
  awsCli,
  boto3,
  awsSdkJs,
  minioJs,
  s3cmd,
  rclone,
  s5cmd,
  mc,
  restic,
  s3fs,
];
/** E2E_CLIENTS: names separated by commas; by default all. */
const chosen = process.env.E2E_CLIENTS?.split(",");
const SCHEMES = ["http", "https"] as const;

for (const name of backendNames) {
  describe(`clients through a gateway on ${name}`, () => {
    const servers = new AsyncDisposableStack();
    const table = new MatrixTable();
    let folder: string;
    let backend: S3Server;
    let pki: TestPki;
    let samples: Sample[];

    before(async () => {
      folder = servers.use(await makeScratch("clients")).folder;
      backend = servers.use(await startBackend(name));
      pki = await makeTestPki(folder);
      samples = await writeSamples(folder);
    });
    after(async () => {
      process.stdout.write(`\nclients through a gateway on ${name}\n${table.toString()}\n\n`);
      await servers.disposeAsync();
    });

    for (const scheme of SCHEMES) {
      describe(`over ${scheme}`, () => {
        const isTls = scheme === "https";
        let gateway: S3Server;
        before(async () => {
          const tls = isTls ? { tls: pki.server } : {};
          gateway = servers.use(await startGateway({ backend, ...tls }));
        });
        for (const client of CLIENTS.filter((one) => chosen?.includes(one.name) ?? true)) {
          describeClient(client, {
            scheme,
            table,
            backend: () => ({ server: backend, caFile: undefined, folder, samples }),
            gateway: () => {
              const caFile = isTls ? pki.ca : undefined;
              return { server: gateway, caFile, folder, samples };
            },
          });
        }
      });
    }
  });
}

type Place = Omit<Site, "witness" | "bucket">;

interface Matrix {
  readonly scheme: string;
  readonly table: MatrixTable;
  readonly gateway: () => Place;
  readonly backend: () => Place;
}

function describeClient(client: MatrixClient, { scheme, table, gateway, backend }: Matrix): void {
  describe(client.name, () => {
    const opened = new AsyncDisposableStack();
    const bucket = `${client.name.replace(/\W/g, "-")}-${scheme}`;
    let session: Session;
    let direct: Session | undefined;
    let row: string;

    before(async () => {
      session = opened.use(await openSession(client, { ...gateway(), bucket }));
      row = `${client.name} ${session.version} ${scheme}`;
    });
    after(() => opened.disposeAsync());

    /** The same client on the backend itself, with everything uploaded. */
    const directly = async (): Promise<Session> => {
      if (direct === undefined) {
        direct = opened.use(
          await openSession(client, { ...backend(), bucket: `${bucket}-direct` }),
        );
        await runOf(direct, "upload")();
      }
      return direct;
    };

    for (const operation of OPERATIONS) {
      it(operation, async (t) => {
        const run = session.operations[operation];
        if (typeof run === "string") {
          table.set(row, operation, { text: "–", note: `${client.name}: ${run}` });
          t.diagnostic(`${client.name} has no ${operation}: ${run}`);
          return;
        }
        table.set(row, operation, { text: "FAILED" });
        const fault = knownFault(backend().server.name, client.name, operation);
        if (fault === undefined) {
          await run();
          table.set(row, operation, { text: "ok", note: session.remarks?.[operation] });
          return;
        }
        await rejects(run(), `${fault.why}: no longer, it works through the gateway`);
        await rejects(
          runOf(await directly(), operation)(),
          `${fault.why}: not on the backend itself`,
        );
        table.set(row, operation, { text: "backend's", note: fault.why });
      });
    }
  });
}

async function openSession(
  client: MatrixClient,
  place: Place & { bucket: string },
): Promise<Session> {
  const opened = new AsyncDisposableStack();
  const s3 = sdkClientOf(place);
  opened.defer(() => s3.destroy());
  await s3.send(new CreateBucketCommand({ Bucket: place.bucket }));
  const folder = join(place.folder, place.bucket);
  await mkdir(folder);
  const witness = opened.use(openWitness(place));
  const session = opened.use(await client.open({ ...place, folder, witness }));
  return { ...session, [Symbol.asyncDispose]: () => opened.disposeAsync() };
}

function runOf(session: Session, operation: Operation): () => Promise<void> {
  const run = session.operations[operation];
  if (typeof run === "string") throw new Error(run);
  return run;
}
