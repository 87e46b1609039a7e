/** What every started S3 server offers, and how one made of processes and a folder is put together and taken down. */
import type { Child } from "./child.ts";
import type { Scratch } from "./place.ts";

/** Keys of one S3 user. */
export interface S3Keys {
  readonly accessKey: string;
  readonly secretKey: string;
}

/** A user of an S3 server that has several; `userId` and `displayName` are what it answers as Owner. */
export interface S3User extends S3Keys {
  readonly userId: string;
  readonly displayName: string;
  readonly email: string;
  readonly tenant?: string;
}

/** Three users, as ceph/s3-tests wants them: two, and one that is, where there are such, of another tenant. */
export type ThreeUsers = Readonly<Record<"main" | "alt" | "tenant", S3User>>;

/** A running S3 server on loopback. */
export interface S3Server extends S3Keys, AsyncDisposable {
  readonly name: string;
  /** `http://127.0.0.1:PORT`, no trailing slash. */
  readonly endpoint: string;
  readonly region: string;
  readonly pids: readonly number[];
  /** Where it keeps its files; undefined when it keeps none that can be read. */
  readonly folder?: string;
}

/** Stops children (last started first), then removes the folder. */
export async function takeDown(children: readonly Child[], scratch: Scratch): Promise<void> {
  for (const child of [...children].reverse()) await child.stop();
  await scratch[Symbol.asyncDispose]();
}

/** Runs `start`; when it throws, takes down what had been started by then. */
export async function orTakeDown<T>(
  children: readonly Child[],
  scratch: Scratch,
  start: () => Promise<T>,
): Promise<T> {
  try {
    return await start();
  } catch (error) {
    await takeDown(children, scratch);
    throw error;
  }
}
