/** The story's keys in the KMS of moto, for AWS. */
import { MOTO_CREDENTIALS, MOTO_REGION, startMoto } from "../servers/moto.ts";
import type { KeySite, Settings } from "./key-site.ts";

const ALIAS = { AliasName: "alias/one-name" };

/** Opens a server with them. */
export async function motoSite(): Promise<KeySite> {
  await using opening = new AsyncDisposableStack();
  const server = opening.use(await startMoto());
  const settings = (keys: string, endpoint: string = server.endpoint): Settings => ({
    ...MOTO_CREDENTIALS,
    KEY_MANAGER_ENABLED: "true",
    KEY_MANAGER_PROVIDER: "aws-kms",
    AWS_KMS_ENDPOINT: endpoint,
    AWS_KMS_REGION: MOTO_REGION,
    AWS_KMS_KEYS: keys,
    AWS_KMS_TIMEOUT: "2s",
  });
  const made = [];
  for (let n = 0; n < 5; n += 1) made.push(await server.makeKey());
  const [old = "", fresh = "", doomed = "", one = "", other = ""] = made;
  await server.call("CreateAlias", { ...ALIAS, TargetKeyId: one });
  const end = (KeyId: string) =>
    server.call("ScheduleKeyDeletion", { KeyId, PendingWindowInDays: 7 });
  const opened = opening.move();
  return {
    old: settings(old),
    both: settings(`${fresh},${old}`),
    fresh: settings(fresh),
    removeOld: () => end(old),
    doomed: {
      settings: settings(doomed),
      ends: [
        { how: "disabled", act: () => server.call("DisableKey", { KeyId: doomed }) },
        { how: "destroyed", act: () => end(doomed) },
      ],
    },
    named: {
      settings: settings(ALIAS.AliasName),
      impostor: async () => {
        await server.call("UpdateAlias", { ...ALIAS, TargetKeyId: other });
        return settings(ALIAS.AliasName);
      },
    },
    server: {
      port: Number(new URL(server.endpoint).port),
      pids: server.pids,
      by: (port) => settings(fresh, `http://127.0.0.1:${port}`),
    },
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}
