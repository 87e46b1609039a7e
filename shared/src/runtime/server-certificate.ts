/** The certificate of a listener: read from files and tried before anything uses it, at start and again when it is exchanged. */
import { constants, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { createSecureContext, type TlsOptions } from "node:tls";
import { Fault } from "../faults.ts";
import { errorCodeOf } from "./error-code.ts";
import { unreadableFile } from "./setting-files.ts";

/** PEM texts. */
export interface ServerCertificate {
  /** The chain, the server's own first. */
  readonly cert: string;
  readonly key: string;
  /** Authorities whose client certificates are believed; absent: no client is asked for one. */
  readonly clientCa?: string | undefined;
}

/** The settings that name the files. */
export interface CertificateFiles {
  readonly cert_file?: string | undefined;
  readonly key_file?: string | undefined;
  readonly client_ca_file?: string | undefined;
}

/**
 * Reads and tries them; `section` is how problems call the settings (`tls`). `config.invalid` for a file that can't be read, for what is
 * no certificate or key, for a key of another certificate.
 */
export function readServerCertificate(files: CertificateFiles, section: string): ServerCertificate {
  const { client_ca_file } = files;
  const certificate = {
    cert: textOf(files.cert_file ?? "", `${section}.cert_file`),
    key: textOf(files.key_file ?? "", `${section}.key_file`),
    ...(client_ca_file === undefined
      ? {}
      : { clientCa: textOf(client_ca_file, `${section}.client_ca_file`) }),
  };
  try {
    createSecureContext(secureOptions(certificate));
  } catch (cause) {
    const reason = errorCodeOf(cause) ?? "unknown";
    throw new Fault("config.invalid", `${section}: certificate and key can't be used (${reason})`, {
      cause,
    });
  }
  if (certificate.clientCa !== undefined) checkAuthorities(certificate.clientCa, section);
  return certificate;
}

/** What a TLS server is given, when it is made and with `setSecureContext`. A client that shows no certificate, or a bad one, gets in all the same. */
export function secureOptions({ cert, key, clientCa }: ServerCertificate): TlsOptions {
  const options = { cert, key, minVersion: "TLSv1.2" } as const;
  if (clientCa === undefined) return options;
  // A session that is resumed was verified by the authorities of then.
  const withoutTickets = { secureOptions: constants.SSL_OP_NO_TICKET };
  return {
    ...options,
    ...withoutTickets,
    ca: clientCa,
    requestCert: true,
    rejectUnauthorized: false,
  };
}

/** The certificates of a PEM text, in order. Throws what OpenSSL says of one that is none. */
export function certificatesOf(pem: string): X509Certificate[] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g) ?? [];
  return blocks.map((block) => new X509Certificate(block));
}

/** TLS takes any text for a list of authorities and then believes nobody. */
function checkAuthorities(clientCa: string, section: string): void {
  const refused = (cause?: unknown) =>
    new Fault("config.invalid", `${section}.client_ca_file: has no certificate of an authority`, {
      cause,
    });
  let authorities: X509Certificate[];
  try {
    authorities = certificatesOf(clientCa);
  } catch (cause) {
    throw refused(cause);
  }
  if (authorities.length === 0 || !authorities.every(({ ca }) => ca)) throw refused();
}

function textOf(path: string, name: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    throw unreadableFile(name, path, cause);
  }
}
