/** The NATS of a release, its servers on loopback: real nats-servers with the chart's configuration, in which addresses and folders alone are others. */
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { answersHttp, type Child, runToEnd, startChild, untilReady } from "../servers/child.ts";
import { makeNatsUsers, type NatsUsers } from "../servers/nats-users.ts";
import { findProgram, freePort, makeScratch } from "../servers/place.ts";
import { orTakeDown, takeDown } from "../servers/s3-server.ts";
import { type Certified, makeTestPki, type TestPki } from "../servers/test-pki.ts";
import { render } from "./chart.ts";

const SERVICES = ["edge", "crypto", "keys", "audit", "admin"];

/** One server of it. */
interface BrokerServer {
  /** `tls://localhost:PORT`. */
  readonly url: string;
  /** SIGKILL; resolves when it is gone. */
  kill(): Promise<void>;
  /** As the pod's preStop asks it to go; resolves with its exit code. */
  leave(): Promise<number | string>;
  /** Again, with what lay on its disk; resolves when it is ready. */
  start(): Promise<void>;
  /** An answer of its monitoring port. */
  look(path: string): Promise<Readonly<Record<string, unknown>>>;
  /** The end of what it has logged since it was started last. */
  logTail(): string;
}

/** All servers, and who may come to them. */
export interface Broker extends AsyncDisposable {
  readonly servers: readonly BrokerServer[];
  readonly users: NatsUsers;
  readonly pki: TestPki;
  /** Starts a further server that shows this certificate to the others; with what it has logged. */
  intrude(as: Certified): Promise<Child>;
}

interface Ports {
  readonly client: number;
  readonly routes: number;
  readonly monitor: number;
}

/** Starts the broker of an entry of the matrix, with a CA and users of its own. */
export async function startBroker(name: string): Promise<Broker> {
  const program = findProgram("nats-server", "nats");
  const scratch = await makeScratch("broker");
  const children: Child[] = [];
  return await orTakeDown(children, scratch, async () => {
    const { folder } = scratch;
    const text = await configurationOf(name);
    const pki = await makeTestPki(folder);
    const users = await makeNatsUsers(folder, SERVICES);
    const count = new Set(text.match(/gw-nats-\d+(?=\.)/g) ?? ["gw-nats-0"]).size;
    const ports: Ports[] = [];
    for (let at = 0; at < count; at += 1) ports.push(await freePorts());
    const peer = await pki.peerNamed("broker", "localhost");

    const layOut = async (pod: string, own: Ports, shown: Certified) => {
      const place = join(folder, pod);
      await mkdir(place);
      const local = onLoopback(text, { place, own, ports, ca: pki.ca, shown });
      await writeFile(join(place, "accounts.conf"), users.configText);
      await writeFile(join(place, "nats.conf"), local);
      return join(place, "nats.conf");
    };
    const run = async (pod: string, configFile: string) => {
      const child = await startChild({ program, args: ["-c", configFile], env: { POD_NAME: pod } });
      children.push(child);
      return child;
    };
    const serve = async (at: number): Promise<BrokerServer> => {
      const own = ports[at] ?? (await freePorts());
      const pod = `gw-nats-${at}`;
      const configFile = await layOut(pod, own, peer);
      const monitor = `http://127.0.0.1:${own.monitor}`;
      let child = await run(pod, configFile);
      return {
        url: `tls://localhost:${own.client}`,
        async kill() {
          process.kill(child.pid, "SIGKILL");
          await child.exited;
        },
        async leave() {
          const pid = join(dirname(configFile), "nats.pid");
          await runToEnd({ program, args: ["--signal", `ldm=${pid}`] });
          return await child.exited;
        },
        async start() {
          if (!child.isRunning()) child = await run(pod, configFile);
          const probe = () => answersHttp(`${monitor}/healthz?js-server-only=true`, 200);
          await untilReady(pod, [child], { probe });
        },
        async look(path) {
          const answer = await fetch(`${monitor}${path}`);
          return (await answer.json()) as Record<string, unknown>;
        },
        logTail: () => child.logTail(),
      };
    };
    const servers: BrokerServer[] = [];
    for (let at = 0; at < count; at += 1) servers.push(await serve(at));
    for (const server of servers) await server.start();
    return {
      ...{ servers, users, pki },
      intrude: async (as) => run("intruder", await layOut("intruder", await freePorts(), as)),
      [Symbol.asyncDispose]: () => takeDown(children, scratch),
    };
  });
}

async function freePorts(): Promise<Ports> {
  return { client: await freePort(), routes: await freePort(), monitor: await freePort() };
}

async function configurationOf(name: string): Promise<string> {
  const { objects } = await render(name);
  const found = objects.find(({ data }) => data?.["nats.conf"] !== undefined);
  const text = found?.data?.["nats.conf"];
  if (text === undefined) throw new Error(`${name} has no broker`);
  return text;
}

/** The text with this machine's addresses and folders. Throws where something of a pod's is left. */
function onLoopback(
  text: string,
  options: {
    readonly place: string;
    readonly own: Ports;
    readonly ports: readonly Ports[];
    readonly ca: string;
    readonly shown: Certified;
  },
): string {
  const { place, own, ports, ca, shown } = options;
  const local = text
    .replace("port: 4222", `host: "127.0.0.1"\nport: ${own.client}`)
    .replace("http: 8222", `http: "127.0.0.1:${own.monitor}"`)
    .replace("port: 6222", `host: "127.0.0.1"\n  port: ${own.routes}`)
    .replaceAll(/gw-nats-(\d+)\.gw-nats-servers\.storage\.svc:6222/g, (_, at: string) => {
      return `localhost:${ports[Number(at)]?.routes}`;
    })
    .replace("/tmp/nats.pid", join(place, "nats.pid"))
    .replace("/data", join(place, "data"))
    .replaceAll("/etc/nats-tls/tls.crt", shown.cert)
    .replaceAll("/etc/nats-tls/tls.key", shown.key)
    .replaceAll("/etc/nats-tls/ca.crt", ca);
  const left = /\/etc\/|\.svc|\b(?:4222|6222|8222)\b/.exec(local);
  if (left) throw new Error(`${left[0]} is left of the pod's configuration`);
  return local;
}

/** The settings of a service of the gateway that reach the broker. */
export function brokerEnv(
  { servers, users, pki }: Broker,
  service: string,
): Record<string, string> {
  return {
    NATS_URL: servers.map(({ url }) => url).join(","),
    NATS_CREDS_FILE: users.seedOf(service),
    NATS_TLS_CA_FILE: pki.ca,
    NATS_TLS_CERT_FILE: pki.client.cert,
    NATS_TLS_KEY_FILE: pki.client.key,
  };
}
