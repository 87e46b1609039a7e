/** The story's keys on a real PKCS#11 token: SoftHSM's. */
import { startSoftHsm } from "../servers/softhsm.ts";
import type { KeySite, Settings } from "./key-site.ts";

/** Opens a token with them. */
export async function softHsmSite(): Promise<KeySite> {
  await using opening = new AsyncDisposableStack();
  const [token, other] = [opening.use(await startSoftHsm()), opening.use(await startSoftHsm())];
  for (const label of ["old", "fresh", "doomed", "one-name"]) await token.makeKey(label);
  await other.makeKey("one-name");
  const settings = (keys: string): Settings => token.settings(keys);
  const opened = opening.move();
  return {
    old: settings("old:1"),
    both: settings("fresh:2,old:1"),
    fresh: settings("fresh:2"),
    removeOld: () => token.destroyKey("old"),
    doomed: {
      settings: settings("doomed"),
      ends: [
        { how: "disabled", act: () => token.disableKey("doomed") },
        { how: "destroyed", act: () => token.destroyKey("doomed") },
      ],
    },
    named: {
      settings: settings("one-name"),
      impostor: async () => await Promise.resolve(other.settings("one-name")),
    },
    takeAway: () => token.takeAway(),
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}
