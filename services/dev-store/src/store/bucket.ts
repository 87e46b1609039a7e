/** One bucket: its keys with their versions in memory and as files, its uploads, its bytes. */
import { createHash } from "node:crypto";
import { mkdir, readdir, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { errorCodeOf } from "@s3eg/shared/runtime/error-code.ts";
import { S3Error } from "../s3/errors.ts";
import { ByteFiles } from "./byte-files.ts";
import { SortedKeys } from "./key-order.ts";
import { NameLock } from "./name-lock.ts";
import {
  BucketRecord,
  KeyRecord,
  NULL_VERSION,
  type ObjectVersion,
  randomId,
  readRecord,
  type Tags,
  type Version,
  type Versioning,
  writeRecord,
} from "./records.ts";
import { Uploads } from "./uploads.ts";

/** An object to be stored; the bucket gives version id and time. */
export type NewObject = Omit<ObjectVersion, "kind" | "versionId" | "modifiedAt">;

/** Looks at the newest version and throws if the write must not happen; runs in one step with the write. */
export type Guard = (newest: Version | undefined) => void;

/** What a delete did. */
export interface Removal {
  readonly versionId?: string;
  readonly isDeleteMarker: boolean;
}

/** A bucket of the store. */
export class Bucket {
  readonly name: string;
  readonly files: ByteFiles;
  readonly uploads: Uploads;
  readonly #folder: string;
  readonly #now: () => Date;
  readonly #lock: NameLock;
  readonly #records = new Map<string, KeyRecord>();
  #record: BucketRecord;
  #keys = new SortedKeys();
  #writing = 0;
  #isClosed = false;

  private constructor(
    name: string,
    place: { folder: string; now: () => Date },
    rooms: { record: BucketRecord; files: ByteFiles; uploads: Uploads; lock: NameLock },
  ) {
    this.name = name;
    this.files = rooms.files;
    this.uploads = rooms.uploads;
    this.#folder = place.folder;
    this.#now = place.now;
    this.#lock = rooms.lock;
    this.#record = rooms.record;
  }

  /** Makes the folders of a new bucket. */
  static async create(folder: string, createdAt: number): Promise<void> {
    for (const name of ["bytes", "keys", "uploads"])
      await mkdir(join(folder, name), { recursive: true });
    await writeRecord(join(folder, "bucket.json"), { createdAt, versioning: "Off" });
  }

  /** Reads a bucket back, and removes bytes that nothing refers to. */
  static async open(name: string, place: { folder: string; now: () => Date }): Promise<Bucket> {
    const { folder } = place;
    const record = await readRecord(join(folder, "bucket.json"), BucketRecord);
    const files = new ByteFiles(join(folder, "bytes"));
    const lock = new NameLock();
    const uploads = await Uploads.open(join(folder, "uploads"), { files, lock });
    const bucket = new Bucket(name, place, { record, files, uploads, lock });
    await bucket.#readKeys();
    const referred = new Set<string>();
    for (const { versions } of bucket.#records.values()) {
      for (const version of versions) for (const id of pieceIds(version)) referred.add(id);
    }
    for (const { uploadId, parts } of uploads.all()) {
      const ids = [...parts.values()].map(({ piece }) => piece.id);
      // A crash after Complete wrote the object and before the upload went: the bytes are the object's.
      if (ids.some((id) => referred.has(id))) await uploads.forget(uploadId);
      else for (const id of ids) referred.add(id);
    }
    await files.sweep((id) => referred.has(id));
    return bucket;
  }

  get createdAt(): number {
    return this.#record.createdAt;
  }

  get versioning(): Versioning {
    return this.#record.versioning;
  }

  /** The keys that have any version, in order. */
  get keys(): SortedKeys {
    return this.#keys;
  }

  async setVersioning(versioning: Versioning): Promise<void> {
    const record = { ...this.#record, versioning };
    await writeRecord(join(this.#folder, "bucket.json"), record);
    this.#record = record;
  }

  /** The versions of a key, newest first. */
  versionsOf(key: string): readonly Version[] {
    return this.#records.get(key)?.versions ?? [];
  }

  /** The newest version, or the one asked for. */
  find(key: string, versionId?: string): Version | undefined {
    const versions = this.versionsOf(key);
    return versionId === undefined
      ? versions[0]
      : versions.find((version) => version.versionId === versionId);
  }

  /** Stores an object whose bytes are there. If the guard throws, nothing changes and the bytes stay: they are the caller's. */
  async put(
    key: string,
    object: NewObject,
    guard: Guard = () => undefined,
  ): Promise<ObjectVersion> {
    return await this.#change(key, (versions) => {
      guard(versions[0]);
      const version: ObjectVersion = { ...object, ...this.#newVersion(), kind: "object" };
      return { versions: this.#with(versions, version), result: version };
    });
  }

  /** DeleteObject: removes a version for good, or hides the key behind a marker where the bucket has versions. */
  async remove(
    key: string,
    { versionId, guard = () => undefined }: { versionId?: string | undefined; guard?: Guard },
  ): Promise<Removal> {
    return await this.#change<Removal>(key, (versions) => {
      guard(
        versionId === undefined ? versions[0] : versions.find((v) => v.versionId === versionId),
      );
      if (versionId !== undefined) {
        const removed = versions.find((version) => version.versionId === versionId);
        return {
          versions: versions.filter((version) => version !== removed),
          result: { versionId, isDeleteMarker: removed?.kind === "delete-marker" },
        };
      }
      if (this.versioning === "Off") return { versions: [], result: { isDeleteMarker: false } };
      const marker: Version = { ...this.#newVersion(), kind: "delete-marker" };
      return {
        versions: this.#with(versions, marker),
        result: { versionId: marker.versionId, isDeleteMarker: true },
      };
    });
  }

  /** Replaces the facts of a version in place: tags, or whatever a test tampers with. `edit` throws if it must not be. */
  async edit(
    key: string,
    versionId: string | undefined,
    edit: (version: Version | undefined) => ObjectVersion,
  ): Promise<ObjectVersion> {
    return await this.#change(key, (versions) => {
      const old = this.find(key, versionId);
      const edited = edit(old);
      return {
        versions: versions.map((version) => (version === old ? edited : version)),
        result: edited,
      };
    });
  }

  /** Sets the tags of a version that is there. */
  async setTags(key: string, version: ObjectVersion, tags: Tags): Promise<void> {
    await this.edit(key, version.versionId, (found) => {
      if (found?.kind !== "object") throw new S3Error("NoSuchKey", { fields: { Key: key } });
      return { ...found, tags };
    });
  }

  /** Ends the bucket's life. Throws BucketNotEmpty, or OperationAborted while something is being written. */
  close(): void {
    if (this.#records.size > 0)
      throw new S3Error("BucketNotEmpty", { fields: { BucketName: this.name } });
    if (this.#writing > 0) throw new S3Error("OperationAborted");
    this.#isClosed = true;
  }

  #newVersion(): { versionId: string; modifiedAt: number } {
    return {
      versionId: this.versioning === "Enabled" ? randomId() : NULL_VERSION,
      modifiedAt: this.#now().getTime(),
    };
  }

  #with(versions: readonly Version[], version: Version): Version[] {
    return [version, ...versions.filter(({ versionId }) => versionId !== version.versionId)];
  }

  async #change<T>(
    key: string,
    change: (versions: readonly Version[]) => { versions: Version[]; result: T },
  ): Promise<T> {
    this.#writing++;
    try {
      return await this.#lock.run(`key ${key}`, async () => {
        if (this.#isClosed)
          throw new S3Error("NoSuchBucket", { fields: { BucketName: this.name } });
        const before = this.versionsOf(key);
        const { versions, result } = change(before);
        await this.#write(key, versions);
        const kept = new Set(versions.flatMap(pieceIds));
        await this.files.remove(before.flatMap(pieceIds).filter((id) => !kept.has(id)));
        return result;
      });
    } finally {
      this.#writing--;
    }
  }

  async #write(key: string, versions: Version[]): Promise<void> {
    const path = this.#pathOf(key);
    if (versions.length > 0) {
      const record = { key, versions };
      await makeShard(dirname(path));
      await writeRecord(path, record);
      this.#records.set(key, record);
      this.#keys.add(key);
    } else {
      await rm(path, { force: true });
      this.#records.delete(key);
      this.#keys.remove(key);
    }
  }

  // Keys are any bytes ("a//b", "..", "d" beside "d/x"), so no file is named after one.
  #pathOf(key: string): string {
    const hash = createHash("sha256").update(key).digest("hex");
    return join(this.#folder, "keys", hash.slice(0, 2), `${hash}.json`);
  }

  async #readKeys(): Promise<void> {
    const folder = join(this.#folder, "keys");
    for (const shard of await readdir(folder)) {
      for (const name of await readdir(join(folder, shard))) {
        const path = join(folder, shard, name);
        if (!name.endsWith(".json")) await rm(path, { force: true });
        else {
          const record = await readRecord(path, KeyRecord);
          this.#records.set(record.key, record);
        }
      }
    }
    this.#keys = new SortedKeys(this.#records.keys());
  }
}

function pieceIds(version: Version): string[] {
  return version.kind === "object" ? version.pieces.map(({ id }) => id) : [];
}

/** Not recursive: the folder of a bucket that was just deleted must not come back. */
async function makeShard(folder: string): Promise<void> {
  try {
    await mkdir(folder);
  } catch (error) {
    if (errorCodeOf(error) !== "EEXIST") throw error;
  }
}
