/** The story's keys behind KMIP: in PyKMIP (binary), and in Cosmian KMS (binary or JSON). */
import { startCosmian } from "../servers/cosmian.ts";
import { KmipOperator, kmipSettings } from "../servers/kmip-keys.ts";
import { makeScratch } from "../servers/place.ts";
import { startPykmip } from "../servers/pykmip.ts";
import { makeTestPki, type TestPki } from "../servers/test-pki.ts";
import type { KeySite, Settings } from "./key-site.ts";

/** A KMIP server, as far as the story needs it. */
interface KmipServer extends AsyncDisposable {
  /** Port of binary KMIP, which the operator speaks. */
  readonly port: number;
  /** Port that the gateway asks, and what its settings call a port of loopback. */
  readonly askedPort: number;
  readonly endpointOf: (port: number) => string;
  readonly pids: readonly number[];
  /** Makes a key; some servers let the operator say how it is called. */
  readonly makeKey: (name: string) => Promise<string>;
}

/** On PyKMIP. */
export async function pykmipSite(): Promise<KeySite> {
  return await kmipSite({ start: startedPykmip, revokedStillReads: false });
}

/** On Cosmian KMS, asked by KMIP as JSON, or in binary. */
export async function cosmianSite(way: "json" | "binary"): Promise<KeySite> {
  return await kmipSite({
    start: (pki) => startedCosmian(pki, way),
    revokedStillReads: true,
  });
}

async function kmipSite({
  start,
  revokedStillReads,
}: {
  start: (pki: TestPki) => Promise<KmipServer>;
  /** What was wrapped by a key that was revoked still opens. */
  revokedStillReads: boolean;
}): Promise<KeySite> {
  await using opening = new AsyncDisposableStack();
  const scratch = opening.use(await makeScratch("kmip-pki"));
  const pki = await makeTestPki(scratch.folder);
  const server = opening.use(await start(pki));
  const operator = new KmipOperator({ port: server.port, ...(await pki.clientOptions()) });
  const names = ["one-name", "old", "fresh", "doomed"];
  const made = [];
  for (const name of names) made.push(await server.makeKey(name));
  const [named = "", old = "", fresh = "", doomed = ""] = made;
  const settings = (keys: string, at = server, port = at.askedPort): Settings => ({
    ...kmipSettings(at.endpointOf(port), keys, pki),
    KEY_MANAGER_ENABLED: "true",
    KEY_MANAGER_PROVIDER: "cosmian",
    COSMIAN_KMS_TIMEOUT: "2s",
  });
  const others = opening.use(new AsyncDisposableStack());
  const opened = opening.move();
  return {
    old: settings(`${old}:1`),
    both: settings(`${fresh}:2,${old}:1`),
    fresh: settings(`${fresh}:2`),
    removeOld: async () => {
      await operator.revoke(old);
      await operator.destroy(old);
    },
    doomed: {
      settings: settings(doomed),
      ends: [
        {
          how: "disabled",
          act: () => operator.revoke(doomed),
          stillReads: revokedStillReads,
        },
        { how: "destroyed", act: () => operator.destroy(doomed) },
      ],
    },
    named: {
      settings: settings(named),
      // Another server, whose first key is called the same.
      impostor: async () => {
        const other = others.use(await start(pki));
        return settings(await other.makeKey("one-name"), other);
      },
    },
    server: {
      port: server.askedPort,
      pki,
      pids: server.pids,
      by: (port) => settings(`${fresh}:2`, server, port),
    },
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

async function startedPykmip(pki: TestPki): Promise<KmipServer> {
  const server = await startPykmip(pki);
  const operator = new KmipOperator({ port: server.port, ...(await pki.clientOptions()) });
  return {
    ...server,
    askedPort: server.port,
    endpointOf: (port) => `127.0.0.1:${port}`,
    makeKey: () => operator.makeKey(),
  };
}

async function startedCosmian(pki: TestPki, way: "json" | "binary"): Promise<KmipServer> {
  const server = await startCosmian(pki);
  return {
    ...server,
    askedPort: way === "json" ? Number(new URL(server.url).port) : server.port,
    endpointOf: (port) => (way === "json" ? `https://127.0.0.1:${port}` : `127.0.0.1:${port}`),
    makeKey: async (name) => {
      await server.makeKey(name);
      return name;
    },
  };
}
