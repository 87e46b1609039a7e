import assert from "node:assert/strict";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, it } from "node:test";
import { SqliteFile } from "../../src/multipart-state/sqlite-file.ts";
import { freshFolder } from "./fresh-folder.ts";
import { faultOf } from "./state-contract.ts";

const pathIn = (folder: string) => join(folder, "multipart-state.sqlite");
const complete = (file: SqliteFile, uploadId: string) =>
  file.run("INSERT INTO results VALUES (?, ?, ?)", uploadId, Buffer.from("result"), 1);
const completed = (file: SqliteFile) =>
  file.step(() => file.rows("SELECT upload_id FROM results").map((row) => row.upload_id));

describe("SqliteFile", () => {
  it("undoes a step that throws, and says why", async () => {
    using file = new SqliteFile(freshFolder());
    assert.equal(await file.step(() => complete(file, "a")), 1);
    const failing = file.step(() => {
      complete(file, "b");
      complete(file, "a");
    });
    await assert.rejects(failing, faultOf("state.unavailable"));
    assert.deepEqual(await completed(file), ["a"]);
    assert.equal(await file.step(() => file.row("SELECT 1 FROM uploads")), undefined);
  });

  it("is out of reach while another process holds it, and not after", {
    timeout: 20_000,
  }, async () => {
    const folder = freshFolder();
    using file = new SqliteFile(folder);
    const other = new DatabaseSync(pathIn(folder));
    other.exec("BEGIN IMMEDIATE");
    await assert.rejects(completed(file), faultOf("state.unavailable"));
    other.exec("ROLLBACK");
    other.close();
    assert.deepEqual(await completed(file), []);
  });

  it("refuses a file of another version, and a folder that cannot be one", () => {
    const folder = freshFolder();
    new SqliteFile(folder)[Symbol.dispose]();
    const other = new DatabaseSync(pathIn(folder));
    other.exec("PRAGMA user_version = 99");
    other.close();
    assert.throws(() => new SqliteFile(folder), faultOf("config.invalid"));
    assert.throws(() => new SqliteFile(join(pathIn(folder), "below")), faultOf("config.invalid"));
  });

  it("is out of reach once closed, and can be closed twice", async () => {
    const file = new SqliteFile(freshFolder());
    file[Symbol.dispose]();
    file[Symbol.dispose]();
    await assert.rejects(completed(file), faultOf("state.unavailable"));
  });
});
