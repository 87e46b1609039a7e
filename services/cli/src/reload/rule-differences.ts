/** In what rules differ, in words for the log: never their contents. */
import { isDeepStrictEqual } from "node:util";
import { isSameCredential } from "../../../edge/src/auth/configured-credentials.ts";
import type { Entrance } from "../entrance.ts";
import type { Rules } from "../rules.ts";

/** Kinds of what is not the same any more; empty where everything is. */
export function ruleDifferences(before: Rules, next: Rules): string[] {
  const one = before.entrance;
  const other = next.entrance;
  const differing = [
    { what: "policies", isSame: isDeepStrictEqual(policiesOf(one), policiesOf(other)) },
    { what: "credentials", isSame: haveSameClients(one, other) },
    { what: "backend identities", isSame: haveSameIdentities(one, other) },
    {
      what: "certificate of the S3 port",
      isSame: isDeepStrictEqual(before.certificate, next.certificate),
    },
    {
      what: "certificate of the admin API",
      isSame: isDeepStrictEqual(before.adminCertificate, next.adminCertificate),
    },
  ];
  return differing.filter(({ isSame }) => !isSame).map(({ what }) => what);
}

function policiesOf(entrance: Entrance | undefined) {
  return entrance && { rules: entrance.policies.rules, standard: entrance.policies.standard };
}

function haveSameClients(one: Entrance | undefined, other: Entrance | undefined): boolean {
  const [clients, others] = [one?.credentials.all ?? [], other?.credentials.all ?? []];
  return areSame(clients, others, isSameCredential);
}

function haveSameIdentities(one: Entrance | undefined, other: Entrance | undefined): boolean {
  return areSame(one?.identities ?? [], other?.identities ?? [], (identity, its) => {
    const isNamedSame = identity.accessKey === its.accessKey;
    return isNamedSame && identity.secretKey.reveal() === its.secretKey.reveal();
  });
}

function areSame<Item>(
  one: readonly Item[],
  other: readonly Item[],
  isSame: (item: Item, its: Item) => boolean,
): boolean {
  return (
    one.length === other.length &&
    one.every((item, index) => {
      const its = other[index];
      return its !== undefined && isSame(item, its);
    })
  );
}
