/** A credential's rights as its settings give them: `buckets`, `permissions`, `bucket_permissions`. */
import { Fault } from "@s3eg/shared/faults.ts";
import { BUCKET_RIGHTS, EVERYTHING, OBJECT_RIGHTS, type Right, Rights } from "./rights.ts";
import { parseScope } from "./scope.ts";

/** What the settings of one credential say. */
export interface RightsSettings {
  /** Absent: all buckets. Empty: none. */
  readonly buckets?: readonly string[] | undefined;
  /** `ro`, `rw` (the default) or single rights. */
  readonly permissions?: string | readonly string[] | undefined;
  /** Absent: all where nothing else is limited, else none. */
  readonly bucketPermissions?: readonly string[] | undefined;
}

/** The rights; `config.invalid` for what is none. `who` names the credential in the message. */
export function configuredRights(settings: RightsSettings, who: string): Rights {
  const { buckets, permissions, bucketPermissions } = settings;
  const isLimited = buckets !== undefined || permissions !== undefined;
  if (!isLimited && bucketPermissions === undefined) return EVERYTHING;
  const onBuckets = bucketPermissions ?? (isLimited ? [] : BUCKET_RIGHTS);
  const rights: Right[] = [
    ...objectRights(permissions ?? "rw", who),
    ...onBuckets.map(
      (name): Right => `bucket-${oneOf(BUCKET_RIGHTS, name, `${who}: bucket_permissions`)}`,
    ),
  ];
  const scopes = buckets?.map((entry) => {
    const scope = parseScope(entry);
    if (!scope) throw invalid(`${who}: buckets: ${JSON.stringify(entry)} is no bucket or prefix`);
    return scope;
  });
  return new Rights(rights, scopes);
}

function objectRights(permissions: string | readonly string[], who: string): readonly Right[] {
  if (permissions === "rw") return OBJECT_RIGHTS;
  if (permissions === "ro") return ["read", "list", "decrypt"];
  const names = typeof permissions === "string" ? [permissions] : permissions;
  return names.map((name) => oneOf(OBJECT_RIGHTS, name, `${who}: permissions`));
}

function oneOf<Name extends string>(names: readonly Name[], name: string, what: string): Name {
  const found = names.find((known) => known === name);
  if (found !== undefined) return found;
  throw invalid(`${what}: ${JSON.stringify(name)} is none of ${names.join(", ")}`);
}

function invalid(message: string): Fault {
  return new Fault("config.invalid", message);
}
