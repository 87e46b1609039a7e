/** Multipart uploads of a bucket in progress: what they were started with, and their parts. */
import { mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { S3Error } from "../s3/errors.ts";
import type { ByteFiles, Received } from "./byte-files.ts";
import { compareKeys } from "./key-order.ts";
import type { NameLock } from "./name-lock.ts";
import { PartRecord, randomId, readRecord, UploadRecord, writeRecord } from "./records.ts";

/** An upload with its parts by number. */
export interface Upload extends UploadRecord {
  readonly parts: ReadonlyMap<number, PartRecord>;
}

interface KeptUpload extends UploadRecord {
  readonly parts: Map<number, PartRecord>;
}

/** The uploads of one bucket, one folder each. */
export class Uploads {
  readonly #folder: string;
  readonly #files: ByteFiles;
  readonly #lock: NameLock;
  readonly #uploads: Map<string, KeptUpload>;

  private constructor(folder: string, rooms: { files: ByteFiles; lock: NameLock }) {
    this.#folder = folder;
    this.#files = rooms.files;
    this.#lock = rooms.lock;
    this.#uploads = new Map();
  }

  /** Reads what is there; a folder without a readable record is a start or an end that a crash cut short, and is removed. */
  static async open(folder: string, rooms: { files: ByteFiles; lock: NameLock }): Promise<Uploads> {
    const uploads = new Uploads(folder, rooms);
    await mkdir(folder, { recursive: true });
    for (const name of await readdir(folder)) {
      const kept = await readUpload(join(folder, name)).catch(() => undefined);
      if (kept) uploads.#uploads.set(name, kept);
      else await rm(join(folder, name), { recursive: true, force: true });
    }
    return uploads;
  }

  /** Starts an upload and returns its id. */
  async start(facts: Omit<UploadRecord, "uploadId">): Promise<UploadRecord> {
    const record = { uploadId: randomId(), ...facts };
    // Not recursive: the folder of a bucket that was just deleted must not come back.
    await mkdir(join(this.#folder, record.uploadId));
    await writeRecord(join(this.#folder, record.uploadId, "upload.json"), record);
    this.#uploads.set(record.uploadId, { ...record, parts: new Map() });
    return record;
  }

  /** The upload of that id and key. Throws NoSuchUpload. */
  find(key: string, uploadId: string): Upload {
    return this.#find(key, uploadId);
  }

  /** All uploads in the order of a listing: by key, then by start. */
  all(): Upload[] {
    return [...this.#uploads.values()].sort(
      (a, b) =>
        compareKeys(a.key, b.key) ||
        a.startedAt - b.startedAt ||
        compareKeys(a.uploadId, b.uploadId),
    );
  }

  /** Keeps a part, in place of an earlier one of the same number. Throws NoSuchUpload if the upload ended meanwhile; the bytes are then removed. */
  async keepPart(
    { key, uploadId }: { key: string; uploadId: string },
    received: Received,
    facts: { partNumber: number; modifiedAt: number; checksum?: string },
  ): Promise<PartRecord> {
    const { partNumber, modifiedAt, checksum } = facts;
    const { id, size, md5 } = received;
    const part: PartRecord = {
      partNumber,
      modifiedAt,
      md5,
      piece: { id, size, partNumber, ...(checksum === undefined ? {} : { checksum }) },
    };
    try {
      return await this.#lock.run(`upload ${uploadId}`, async () => {
        const upload = this.#find(key, uploadId);
        await writeRecord(join(this.#folder, uploadId, `${partNumber}.json`), part);
        const earlier = upload.parts.get(partNumber);
        upload.parts.set(partNumber, part);
        if (earlier) await this.#files.remove([earlier.piece.id]);
        return part;
      });
    } catch (error) {
      await this.#files.remove([id]);
      throw error;
    }
  }

  /** Holds the upload while `use` runs; what it returns as `kept` stays, everything else of the upload goes. Throws NoSuchUpload. */
  async end<T>(
    { key, uploadId }: { key: string; uploadId: string },
    use: (upload: Upload) => Promise<{ result: T; kept: ReadonlySet<string> }>,
  ): Promise<T> {
    return await this.#lock.run(`upload ${uploadId}`, async () => {
      const upload = this.#find(key, uploadId);
      const { result, kept } = await use(upload);
      await this.forget(uploadId);
      const ids = [...upload.parts.values()].map(({ piece }) => piece.id);
      await this.#files.remove(ids.filter((id) => !kept.has(id)));
      return result;
    });
  }

  /** Drops an upload, not the bytes of its parts. */
  async forget(uploadId: string): Promise<void> {
    this.#uploads.delete(uploadId);
    // The record first: a folder without one is swept at the next start, whatever else is left.
    await rm(join(this.#folder, uploadId, "upload.json"), { force: true });
    await rm(join(this.#folder, uploadId), { recursive: true, force: true });
  }

  #find(key: string, uploadId: string): KeptUpload {
    const upload = this.#uploads.get(uploadId);
    if (upload?.key === key) return upload;
    throw new S3Error("NoSuchUpload", { fields: { UploadId: uploadId } });
  }
}

async function readUpload(folder: string): Promise<KeptUpload> {
  const record = await readRecord(join(folder, "upload.json"), UploadRecord);
  const parts = new Map<number, PartRecord>();
  for (const name of await readdir(folder)) {
    if (!/^\d+\.json$/.test(name)) continue;
    const part = await readRecord(join(folder, name), PartRecord);
    parts.set(part.partNumber, part);
  }
  return { ...record, parts };
}
