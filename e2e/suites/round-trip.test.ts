/** Whole objects through a gateway in one process, with real clients, on every backend of this run. */
import { after, before, describe, it } from "node:test";
import { runClient } from "../clients/run-client.ts";
import { type Gateway, startGateway } from "../gateway.ts";
import { backendNames, startBackend } from "../servers/backends.ts";

// The largest size of the round trip is left to runs by hand: this suite is part of every submission.
const SMOKE = ["--largest", String(64 * 1024 * 1024)];

for (const name of backendNames) {
  describe(`a gateway in one process on ${name}`, () => {
    const servers = new AsyncDisposableStack();
    let gateway: Gateway;

    before(async () => {
      const backend = servers.use(await startBackend(name));
      gateway = servers.use(await startGateway({ backend }));
    });
    after(() => servers.disposeAsync());

    it("gives boto3 back what it put, in every way of asking", async () => {
      await runClient("boto3", gateway, SMOKE);
    });

    it("gives the AWS SDK for JavaScript back what it put, sent with checksum trailers", async () => {
      await runClient("aws-sdk-js", gateway, SMOKE);
    });

    it("gives the AWS SDK for JavaScript back what it put, sent unsigned and without checksums", async () => {
      await runClient("aws-sdk-js", gateway, [...SMOKE, "--checksums", "WHEN_REQUIRED"]);
    });
  });
}
