/**
 * The process of a module, with a token in memory. What is called its module is a folder: its key follows from that, it hangs in Encrypt while
 * there is a file `hang`, and it ends there while there is one called `crash`.
 */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { Socket } from "node:net";
import { join } from "node:path";
import { serveToken } from "../../../src/custody/pkcs11/token-server.ts";
import { MemoryToken } from "./memory-token.ts";

class HangingToken extends MemoryToken {
  readonly #folder: string;

  constructor(folder: string) {
    super();
    this.#folder = folder;
  }

  override C_Encrypt(...given: Parameters<MemoryToken["C_Encrypt"]>): Buffer {
    if (existsSync(join(this.#folder, "crash"))) process.exit(9);
    const never = new Int32Array(new SharedArrayBuffer(4));
    while (existsSync(join(this.#folder, "hang"))) Atomics.wait(never, 0, 0, 10);
    return super.C_Encrypt(...given);
  }
}

await serveToken(new Socket({ fd: 3 }), (folder) => {
  const token = new HangingToken(folder);
  token.addSecret("kek", { secret: createHash("sha256").update(folder).digest() });
  return Promise.resolve(token);
});
process.exit();
