/** Jaeger, all in one process, as a receiver of OTLP that is not ours: over gRPC and HTTP, with what it keeps in memory. */
import { answersHttp, type Child, startChild, untilReady } from "./child.ts";
import { findProgram, freePort, makeScratch } from "./place.ts";
import { orTakeDown, takeDown } from "./s3-server.ts";

/** A span as Jaeger gives it back. */
export interface ReceivedSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string | undefined;
  readonly name: string;
  /** `s3eg.roles` of the process that made it. */
  readonly roles: string;
  readonly tags: Readonly<Record<string, unknown>>;
}

/** A running Jaeger. */
export interface Jaeger extends AsyncDisposable {
  /** `127.0.0.1:PORT`. */
  readonly grpcAddress: string;
  /** `http://127.0.0.1:PORT`. */
  readonly httpUrl: string;
  /** Every span of a service so far. */
  spans(service: string): Promise<ReceivedSpan[]>;
}

/** Every port that it would listen on, by the flag that moves it. */
const OTHER_PORTS = [
  "admin.http.host-port",
  "collector.http-server.host-port",
  "http-server.host-port",
  "processor.jaeger-binary.server-host-port",
  "processor.jaeger-compact.server-host-port",
  "processor.zipkin-compact.server-host-port",
  "query.grpc-server.host-port",
];

/** Starts it on ports of its own. */
export async function startJaeger(): Promise<Jaeger> {
  const program = findProgram("jaeger-all-in-one", "jaeger");
  const scratch = await makeScratch("jaeger");
  const children: Child[] = [];
  return await orTakeDown(children, scratch, async () => {
    const address = async () => `127.0.0.1:${await freePort()}`;
    const [grpcAddress, http, query, own] = [
      await address(),
      await address(),
      await address(),
      await address(),
    ];
    const flags = [
      `--collector.otlp.grpc.host-port=${grpcAddress}`,
      `--collector.otlp.http.host-port=${http}`,
      `--query.http-server.host-port=${query}`,
      `--collector.grpc-server.host-port=${own}`,
      `--reporter.grpc.host-port=${own}`,
    ];
    for (const flag of OTHER_PORTS) flags.push(`--${flag}=${await address()}`);
    children.push(await startChild({ program, args: flags, cwd: scratch.folder }));
    await untilReady("jaeger", children, { probe: () => answersHttp(`http://${query}/`, 200) });
    return {
      grpcAddress,
      httpUrl: `http://${http}`,
      spans: (service) => spansOf(`http://${query}/api/traces?service=${service}&limit=1000`),
      [Symbol.asyncDispose]: () => takeDown(children, scratch),
    };
  });
}

interface Tag {
  readonly key: string;
  readonly value: unknown;
}

interface Trace {
  readonly spans: readonly {
    readonly traceID: string;
    readonly spanID: string;
    readonly operationName: string;
    readonly processID: string;
    readonly references: readonly { readonly refType: string; readonly spanID: string }[];
    readonly tags: readonly Tag[];
  }[];
  readonly processes: Readonly<Record<string, { readonly tags: readonly Tag[] }>>;
}

async function spansOf(url: string): Promise<ReceivedSpan[]> {
  const { data } = (await (await fetch(url)).json()) as { data: readonly Trace[] };
  return data.flatMap(({ spans, processes }) =>
    spans.map(({ traceID, spanID, operationName, processID, references, tags }) => ({
      traceId: traceID,
      spanId: spanID,
      parentSpanId: references.find(({ refType }) => refType === "CHILD_OF")?.spanID,
      name: operationName,
      roles: String(recordOf(processes[processID]?.tags ?? [])["s3eg.roles"]),
      tags: recordOf(tags),
    })),
  );
}

function recordOf(tags: readonly Tag[]): Record<string, unknown> {
  return Object.fromEntries(tags.map(({ key, value }) => [key, value]));
}
