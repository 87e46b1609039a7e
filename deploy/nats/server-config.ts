/** Accounts of nats-server with a user for each process of the gateway, who may do what its services need (NATS docs, "Accounts", "Authorization"). */
import { permissionsOf } from "./permissions.ts";
import type { Service } from "./traffic.ts";

/** A user: the services that its process plays, and the public half of its nkey. */
export interface BrokerUser {
  readonly services: readonly Service[];
  readonly publicKey: string;
}

/** Longer than the longest question may take, so that an answer is never too late for the broker. */
const RESPONSE_EXPIRY = "2m";

/** The part of nats-server's configuration to include. `systemKey` sees the server itself and none of the gateway's subjects. */
export function accountsConfig(
  users: readonly BrokerUser[],
  { prefix, systemKey }: { readonly prefix: string; readonly systemKey: string },
): string {
  return `# Made by deploy/nats/make-config.ts: make it again rather than change it.
accounts {
  S3EG {
    jetstream { max_streams: 8, max_consumers: 512 }
    users [
${users.map((user) => userBlock(user, prefix)).join("\n")}
    ]
  }
  SYS { users [ { nkey: ${systemKey} } ] }
}
system_account: SYS
`;
}

function userBlock({ services, publicKey }: BrokerUser, prefix: string): string {
  const { publish, subscribe } = permissionsOf(services, prefix);
  return `      { # ${services.join(", ")}
        nkey: ${publicKey}
        permissions {
          publish { allow: ${list(publish)} }
          subscribe { allow: ${list(subscribe)} }
          allow_responses { max: 1, expires: "${RESPONSE_EXPIRY}" }
        }
      }`;
}

function list(subjects: readonly string[]): string {
  return `[\n${subjects.map((subject) => `            "${subject}"`).join("\n")}\n          ]`;
}
