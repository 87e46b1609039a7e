/** `client_certificates` of a credential: by which certificates its owner is known. */
import { z } from "zod";

/** What must be in a certificate: everything that is given. */
export const clientCertificate = z
  .strictObject({
    fingerprint: z
      .string()
      .regex(/^(?:[0-9a-f]{2}:?){32}$/i, "expected a SHA-256 in hex, with or without colons")
      .transform((text) => text.replaceAll(":", "").toUpperCase())
      .optional()
      .describe("SHA-256 of the certificate"),
    subject: z
      .string()
      .includes("=", { error: "expected a name such as CN=app,O=Example" })
      .optional()
      .describe("whole subject (RFC 4514), its parts in any order"),
    dns: z.string().min(1).optional().describe("DNS name among the alternative names, exactly"),
    uri: z.string().min(1).optional().describe("URI among the alternative names, exactly"),
  })
  .refine((wanted) => Object.keys(wanted).length > 0, {
    message: "needs fingerprint, subject, dns or uri",
  });
export type ClientCertificateSetting = z.infer<typeof clientCertificate>;
