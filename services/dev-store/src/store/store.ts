/** The store: buckets in a folder. Everything survives a restart; only one process may have a folder open. */
import { mkdir, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { S3Error } from "../s3/errors.ts";
import { Bucket } from "./bucket.ts";
import { compareKeys } from "./key-order.ts";
import { NameLock } from "./name-lock.ts";
import { randomId } from "./records.ts";

/** All buckets. */
export class Store {
  readonly #folder: string;
  readonly #now: () => Date;
  readonly #buckets = new Map<string, Bucket>();
  readonly #lock = new NameLock();

  private constructor(folder: string, now: () => Date) {
    this.#folder = folder;
    this.#now = now;
  }

  /** Opens a folder, which is made if it is not there, and clears away what a crash left unfinished. */
  static async open(folder: string, now: () => Date = () => new Date()): Promise<Store> {
    const store = new Store(folder, now);
    await rm(store.#trash, { recursive: true, force: true });
    await mkdir(store.#trash, { recursive: true });
    await mkdir(join(folder, "buckets"), { recursive: true });
    for (const name of await readdir(join(folder, "buckets"))) {
      store.#buckets.set(name, await Bucket.open(name, store.#placeOf(name)));
    }
    return store;
  }

  /** Buckets by name. */
  buckets(): Bucket[] {
    return [...this.#buckets.values()].sort((a, b) => compareKeys(a.name, b.name));
  }

  /** The bucket. Throws NoSuchBucket. */
  bucket(name: string): Bucket {
    const bucket = this.#buckets.get(name);
    if (!bucket) throw new S3Error("NoSuchBucket", { fields: { BucketName: name } });
    return bucket;
  }

  /** Makes a bucket; the name must be one that S3 allows, for it names a folder. Throws BucketAlreadyOwnedByYou. */
  async createBucket(name: string): Promise<void> {
    await this.#lock.run(name, async () => {
      if (this.#buckets.has(name)) {
        throw new S3Error("BucketAlreadyOwnedByYou", { fields: { BucketName: name } });
      }
      // Made aside and moved: after a crash there is a whole bucket or none.
      const unfinished = join(this.#trash, randomId());
      const place = this.#placeOf(name);
      await Bucket.create(unfinished, this.#now().getTime());
      await rename(unfinished, place.folder);
      this.#buckets.set(name, await Bucket.open(name, place));
    });
  }

  /** Removes an empty bucket, with its unfinished uploads. Throws NoSuchBucket and BucketNotEmpty. */
  async deleteBucket(name: string): Promise<void> {
    await this.#lock.run(name, async () => {
      this.bucket(name).close();
      this.#buckets.delete(name);
      const gone = join(this.#trash, randomId());
      await rename(this.#placeOf(name).folder, gone);
      await rm(gone, { recursive: true, force: true });
    });
  }

  get #trash(): string {
    return join(this.#folder, "unfinished");
  }

  #placeOf(name: string): { folder: string; now: () => Date } {
    return { folder: join(this.#folder, "buckets", name), now: this.#now };
  }
}
