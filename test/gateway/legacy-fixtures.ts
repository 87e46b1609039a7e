/** Objects of format 1 that real releases wrote (test/fixtures/legacy/README.md), and a gateway that has the keys of them. */
import { readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type RunningGateway, runningGateway } from "./running-gateway.ts";
import { startTransitDouble } from "./transit-double.ts";
import { pathOf } from "./wire-client.ts";

const FOLDER = join(import.meta.dirname, "../fixtures/legacy");

/** A stored object as the index describes it. */
export interface Fixture {
  readonly variant: string;
  readonly format: string;
  readonly role: "object" | "companion";
  readonly bucket: string;
  readonly key: string;
  readonly file: string;
  readonly raw_size: number;
  /** Group of secrets that opens it. */
  readonly open: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Of the plaintext; companions have none. */
  readonly size?: number;
  readonly sha256?: string;
}

/** Secrets of a group, as far as they are used here. */
interface Secrets {
  readonly password: string;
  readonly policy_password?: string;
  readonly memory_master_key_hex?: string;
  readonly self_contained_aes?: readonly {
    readonly version: number;
    readonly key_base64: string;
  }[];
  readonly self_contained_rsa?: { readonly private_key_pem: string };
  readonly transit?: Readonly<Record<"mount" | "key" | "aes256_gcm96_key_hex", string>>;
  readonly kmip?: { readonly kek_hex: string };
}

interface Index {
  readonly open: Readonly<Record<string, Secrets>>;
  readonly objects: readonly Fixture[];
}

const index = JSON.parse(readFileSync(join(FOLDER, "index.json"), "utf8")) as Index;

/** Every stored object, companions too. */
export const fixtures: readonly Fixture[] = index.objects;

/** The stored bytes of a fixture. */
export function bytesOf({ file }: Fixture): Buffer {
  return readFileSync(join(FOLDER, file));
}

/** Settings with every key of the fixtures that needs no server; `folder` takes the key that has to be a file. */
export async function legacyKeys(folder: string): Promise<Readonly<Record<string, string>>> {
  const { self_contained_rsa: rsa } = index.open["self-rsa"] ?? {};
  const { memory_master_key_hex: memory = "" } = index.open.memory ?? {};
  const [first, second] = index.open["self-aes-2"]?.self_contained_aes ?? [];
  const pem = join(folder, "rsa.pem");
  await writeFile(pem, rsa?.private_key_pem ?? "");
  return {
    ENCRYPTION_PASSWORD: index.open.password?.password ?? "",
    ENCRYPTION_PASSWORD_VERSION: "2",
    ENCRYPTION_FORMER_PASSWORDS: "1=env:POLICY_PASSWORD",
    POLICY_PASSWORD: index.open["policy-own"]?.policy_password ?? "",
    SELF_CONTAINED_AES_KEYS: "1=env:KEK_1,2=env:KEK_2,9=env:KEK",
    KEK_1: first?.key_base64 ?? "",
    KEK_2: second?.key_base64 ?? "",
    KEK: Buffer.alloc(32, 9).toString("base64"),
    SELF_CONTAINED_RSA_PRIVATE_KEY_SOURCE: `file:${pem}`,
    MEMORY_KM_MASTER_KEY_SOURCE: memory,
    LEGACY_ACCEPT_FORGEABLE: "true",
  };
}

/** The key of a fixture that is under one of a key store's, as if it had been exported from there: hex; undefined for any other. */
export function exportedKeyOf({ open }: Fixture): string | undefined {
  const { kmip, transit } = index.open[open] ?? {};
  return kmip?.kek_hex ?? transit?.aes256_gcm96_key_hex;
}

/** The Transit key of the fixtures on a server that is a double, and the settings that name it. */
export async function legacyTransit(): Promise<
  { readonly settings: Readonly<Record<string, string>> } & AsyncDisposable
> {
  const { mount = "", key = "", aes256_gcm96_key_hex = "" } = index.open.transit?.transit ?? {};
  const server = await startTransitDouble(Buffer.from(aes256_gcm96_key_hex, "hex"));
  return {
    settings: {
      OPENBAO_ADDR: server.address,
      OPENBAO_TRANSIT_PATH: mount,
      OPENBAO_TRANSIT_KEY_NAME: key,
      OPENBAO_TOKEN: "token",
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

/**
 * Starts a gateway that may read format 1, with every key of the fixtures but that of the KMIP server. `contents` is the policy of all
 * buckets. Each password costs a derivation for each object: the one of `policy-own` is there only where it is wanted.
 */
export async function legacyGateway(
  contents: string,
  { hasFormerPassword = false } = {},
): Promise<RunningGateway> {
  await using held = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), "s3eg-legacy-"));
  held.defer(() => rm(folder, { recursive: true }));
  const transit = held.use(await legacyTransit());
  const { KEK: _, ENCRYPTION_FORMER_PASSWORDS = "", ...keys } = await legacyKeys(folder);
  const gateway = await runningGateway({
    policies: [`id: all\nbuckets: ["*"]\ncontents: ${contents}\n`],
    env: {
      ...keys,
      ...(hasFormerPassword ? { ENCRYPTION_FORMER_PASSWORDS } : {}),
      ...transit.settings,
    },
  });
  const parts = held.move();
  return Object.assign(gateway, {
    [Symbol.asyncDispose]: joined(gateway[Symbol.asyncDispose].bind(gateway), () =>
      parts.disposeAsync(),
    ),
  });
}

function joined(...steps: (() => Promise<void> | PromiseLike<void>)[]) {
  return async () => {
    for (const step of steps) await step();
  };
}

/** Puts fixtures behind the gateway as they were stored, past the store's limits on metadata. */
export async function store(gateway: RunningGateway, stored: readonly Fixture[]): Promise<void> {
  for (const bucket of new Set(stored.map((fixture) => fixture.bucket))) {
    await gateway.behind.send("PUT", `/${bucket}`);
  }
  for (const fixture of stored) await storeAs(gateway, fixture);
}

async function storeAs(gateway: RunningGateway, fixture: Fixture): Promise<void> {
  const { bucket, key, headers } = fixture;
  const metadata = Object.entries(headers).filter(([name]) => name.startsWith("x-amz-meta-"));
  const type = headers["content-type"];
  await gateway.behind.send("PUT", pathOf(bucket, key), {
    headers: type ? { "content-type": type } : {},
  });
  const bytes = bytesOf(fixture);
  await overwrite(gateway, fixture, { bytes, metadata: Object.fromEntries(metadata) });
}

/** Gives a stored fixture other bytes, or other metadata; what is not named stays. */
export async function overwrite(
  gateway: RunningGateway,
  { bucket, key }: Fixture,
  change: { bytes?: Buffer; metadata?: Readonly<Record<string, string>> },
): Promise<void> {
  await gateway.store.overwriteStored(bucket, key, change);
}
