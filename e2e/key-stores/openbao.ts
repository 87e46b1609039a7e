/** The story's keys in a real OpenBao: the new key is a new version of the old one. */
import { startOpenbao } from "../servers/openbao.ts";
import { transitKey } from "../servers/openbao-keys.ts";
import type { KeySite, Settings } from "./key-site.ts";

/** Opens a server with them. */
export async function openbaoSite(): Promise<KeySite> {
  await using opening = new AsyncDisposableStack();
  const server = opening.use(await startOpenbao());
  const tell = (path: string, body: unknown = {}) => server.call("POST", path, { body });
  const keyOf = async (mount: string, more: Settings = {}): Promise<Settings> => ({
    KEY_MANAGER_ENABLED: "true",
    KEY_MANAGER_PROVIDER: "openbao",
    OPENBAO_TIMEOUT: "2s",
    ...(await transitKey(server, { mount })),
    ...more,
  });
  const key = await keyOf("transit");
  const named = await keyOf("named", { OPENBAO_KEY_ID: "one-name" });
  const doomed = await keyOf("doomed");
  const opened = opening.move();
  return {
    old: key,
    both: key,
    fresh: key,
    rotate: () => tell("transit/keys/kek/rotate"),
    removeOld: async () => {
      const least = { min_decryption_version: 2, min_encryption_version: 2 };
      await tell("transit/keys/kek/config", least);
      await tell("transit/keys/kek/trim", { min_available_version: 2 });
    },
    doomed: {
      settings: doomed,
      ends: [
        { how: "disabled", act: () => server.call("DELETE", "doomed/keys/kek/soft-delete") },
        {
          how: "destroyed",
          act: async () => {
            await tell("doomed/keys/kek/soft-delete-restore");
            await tell("doomed/keys/kek/config", { deletion_allowed: true });
            await server.call("DELETE", "doomed/keys/kek");
          },
        },
      ],
    },
    named: {
      settings: named,
      impostor: () => keyOf("other", { OPENBAO_KEY_ID: "one-name" }),
    },
    server: {
      port: Number(new URL(server.address).port),
      pids: server.pids,
      by: (port) => ({ ...key, OPENBAO_ADDR: `http://127.0.0.1:${port}` }),
    },
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}
