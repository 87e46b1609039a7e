import assert from "node:assert/strict";
import { Writable } from "node:stream";
import { describe, it } from "node:test";
import { stdoutSink } from "../../src/sinks/stdout-sink.ts";

describe("stdoutSink", () => {
  it("resolves when the stream has taken the lines", async () => {
    const taken: string[] = [];
    const output = new Writable({
      write(chunk: Buffer, _, done) {
        setImmediate(() => {
          taken.push(chunk.toString());
          done();
        });
      },
    });
    await stdoutSink(output).write("a\nb\n");
    assert.deepEqual(taken, ["a\nb\n"]);
  });

  it("rejects when the stream is broken", async () => {
    const output = new Writable({ write: (_, __, done) => done(new Error("EPIPE")) });
    output.on("error", () => {});
    await assert.rejects(stdoutSink(output).write("a\n"), /EPIPE/);
  });
});
