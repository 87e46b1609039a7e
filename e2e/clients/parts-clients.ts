/** Clients that upload in parts of a size that is asked for, several at once. */
import { createReadStream, createWriteStream } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import { GetObjectCommand } from "@aws-sdk/client-s3";
import { Upload } from "@aws-sdk/lib-storage";
import { findProgram } from "../servers/place.ts";
import type { S3Server } from "../servers/s3-server.ts";
import { awsEnvOf } from "./aws-cli.ts";
import { sdkClientOf } from "./aws-sdk-js.ts";
import { startBoto3 } from "./boto3.ts";
import { startToldProcess, type ToldProcess } from "./matrix/told-process.ts";
import { runTool } from "./matrix/tool.ts";
import { minioClientOf } from "./minio-js.ts";

/** Where to work. */
export interface PartsSite {
  readonly server: S3Server;
  readonly bucket: string;
  /** A folder of its own, for settings and programs. */
  readonly folder: string;
}

/** How to upload: larger files than one part go up in parts. */
interface PartsUpload {
  readonly partBytes: number;
  readonly atOnce: number;
}

/** A client at work; none tries a request twice but where it can't be told not to. */
export interface PartsClient extends AsyncDisposable {
  upload(file: string, key: string, how: PartsUpload): Promise<unknown>;
  download(key: string, file: string): Promise<unknown>;
  /** The bytes from `first` to `last`, in hex. */
  range(key: string, first: number, last: number): Promise<string>;
}

/** The clients by name. */
export const PARTS_CLIENTS: Readonly<Record<string, (site: PartsSite) => Promise<PartsClient>>> = {
  "aws cli": openAwsCli,
  boto3: async (site) => toldClient(startBoto3({ ...site, caFile: undefined })),
  "aws-sdk-js": openAwsSdkJs,
  "minio-js": openMinioJs,
  "minio-go": (site) => openGo("minio", site),
  "aws-sdk-go-v2": (site) => openGo("aws-sdk", site),
};

function toldClient(process: ToldProcess): PartsClient {
  return {
    upload: (file, key, how) => process.ask("upload-parts", file, key, how.partBytes, how.atOnce),
    download: (key, file) => process.ask("download", key, file),
    range: async (key, first, last) => String(await process.ask("range", key, first, last)),
    [Symbol.asyncDispose]: () => process[Symbol.asyncDispose](),
  };
}

async function openGo(
  program: string,
  { server, bucket, folder }: PartsSite,
): Promise<PartsClient> {
  const built = join(folder, `go-${program}`);
  const cwd = join(import.meta.dirname, "go");
  await runTool("go", ["build", "-o", built, `./${program}`], { cwd });
  const env = {
    AWS_ACCESS_KEY_ID: server.accessKey,
    AWS_SECRET_ACCESS_KEY: server.secretKey,
    AWS_REGION: server.region,
  };
  return toldClient(startToldProcess({ program: built, args: [server.endpoint, bucket], env }));
}

async function openAwsCli({ server, bucket, folder }: PartsSite): Promise<PartsClient> {
  const program = findProgram("aws", "aws");
  const config = join(folder, "aws-config");
  const env = { ...awsEnvOf(server), AWS_CONFIG_FILE: config };
  const aws = (...args: string[]) =>
    runTool(program, ["--endpoint-url", server.endpoint, ...args], { env });
  const url = (key: string) => `s3://${bucket}/${key}`;
  return {
    async upload(file, key, { partBytes, atOnce }) {
      const lines = [
        "[default]",
        "s3 =",
        `  multipart_threshold = ${partBytes + 1}`,
        `  multipart_chunksize = ${partBytes}`,
        `  max_concurrent_requests = ${atOnce}`,
      ];
      await writeFile(config, `${lines.join("\n")}\n`);
      await aws("s3", "cp", "--only-show-errors", file, url(key));
    },
    download: (key, file) => aws("s3", "cp", "--only-show-errors", url(key), file),
    async range(key, first, last) {
      const file = join(folder, "range");
      const where = ["--bucket", bucket, "--key", key, "--range", `bytes=${first}-${last}`];
      await aws("s3api", "get-object", ...where, file);
      return await text(createReadStream(file, "hex"));
    },
    [Symbol.asyncDispose]: async () => {},
  };
}

async function openAwsSdkJs({ server, bucket }: PartsSite): Promise<PartsClient> {
  const s3 = sdkClientOf({ server, caFile: undefined });
  const at = (Key: string) => ({ Bucket: bucket, Key });
  return {
    upload: (file, key, { partBytes, atOnce }) => {
      const params = { ...at(key), Body: createReadStream(file) };
      return new Upload({ client: s3, params, partSize: partBytes, queueSize: atOnce }).done();
    },
    async download(key, file) {
      const { Body } = await s3.send(new GetObjectCommand(at(key)));
      await pipeline(Body as AsyncIterable<Buffer>, createWriteStream(file));
    },
    async range(key, first, last) {
      const asked = { ...at(key), Range: `bytes=${first}-${last}` };
      const { Body } = await s3.send(new GetObjectCommand(asked));
      return (await Body?.transformToString("hex")) ?? "";
    },
    [Symbol.asyncDispose]: async () => s3.destroy(),
  };
}

async function openMinioJs({ server, bucket }: PartsSite): Promise<PartsClient> {
  const client = minioClientOf(server);
  return {
    // It sends one part after the other, whatever it is told.
    upload: (file, key, { partBytes }) =>
      minioClientOf(server, { partSize: partBytes }).fPutObject(bucket, key, file),
    download: (key, file) => client.fGetObject(bucket, key, file),
    async range(key, first, last) {
      const body = await client.getPartialObject(bucket, key, first, last - first + 1);
      return await text(body.setEncoding("hex"));
    },
    [Symbol.asyncDispose]: async () => {},
  };
}
