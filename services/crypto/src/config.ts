/** Settings of crypto (ARCHITECTURE.md, "Settings"). */
import { listenAddress } from "@s3eg/shared/runtime/config.ts";
import { z } from "zod";

/** `crypto.*`: where a worker takes transfers, and how edge reaches it. */
export const CryptoSection = z.strictObject({
  listen_addr: listenAddress()
    .default({ host: "", port: 8090 })
    .describe("Address for transfers from edge")
    .meta({ env: "CRYPTO_LISTEN_ADDR" }),
  advertise_url: z
    .url()
    .optional()
    .describe("URL under which edge reaches this worker; default: http://<host name>:<port>")
    .meta({ env: "CRYPTO_ADVERTISE_URL" }),
  capacity: z
    .int()
    .min(1)
    .default(256)
    .describe("Transfers at once that this worker calls itself full at")
    .meta({ env: "CRYPTO_CAPACITY" }),
});
export type CryptoSection = z.infer<typeof CryptoSection>;
