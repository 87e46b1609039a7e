/** What ceph/s3-tests is run against: a backend with the three users that the suite wants, alone or behind the gateway. */
import { startGateway } from "../gateway.ts";
import type { GatewayOptions } from "../gateway-settings.ts";
import { startMinio } from "../servers/minio.ts";
import { makeScratch } from "../servers/place.ts";
import { startRadosgw } from "../servers/radosgw.ts";
import type { S3Server, S3User, ThreeUsers } from "../servers/s3-server.ts";
import { makeTestPki } from "../servers/test-pki.ts";
import { startVersitygw } from "../servers/versitygw.ts";

/** A backend whose users are known. */
export interface Backend extends S3Server {
  readonly users: ThreeUsers;
}

/** An endpoint, whom it knows, and the certificate authority (PEM file) to trust where it speaks TLS. */
export interface Target {
  readonly endpoint: string;
  readonly users: ThreeUsers;
  readonly ca?: string;
}

/** How the gateway is set up. */
export interface Behind {
  /** Without the policy that the suite needs. */
  readonly isDefaultPolicy: boolean;
  readonly isTls: boolean;
}

/** The suite compares ETags with MD5s, and asks as nobody for what ACLs of the backend let nobody do. */
const POLICY = { id: "s3-tests", buckets: ["*"], etag: "md5", anonymous: "pass" };

/** MinIO has one owner of everything. */
const MINIO_OWNER = {
  userId: "02d6176db174dc93cb1b899f7c6078f08654445fe8cf1b6ce98d8855f66bdbf4",
  displayName: "minio",
};

const STARTERS: Readonly<Record<string, () => Promise<Backend>>> = {
  radosgw: startRadosgw,
  versitygw: async () => {
    const users = usersWho(({ accessKey }) => ({ userId: accessKey, displayName: accessKey }));
    // The suite empties its buckets as the first user, also those that a test has shut to everybody.
    const made = [{ ...users.main, isAdmin: true }, users.alt, users.tenant];
    return { ...(await startVersitygw({ users: made })), users };
  },
  minio: async () => {
    const users = usersWho(() => MINIO_OWNER);
    return { ...(await startMinio({ users: Object.values(users) })), users };
  },
};

/** Starts a backend by name. */
export async function startBackend(name: string): Promise<Backend> {
  const start = STARTERS[name];
  if (!start) throw new Error(`no backend ${name}: ${Object.keys(STARTERS).join(", ")}`);
  return await start();
}

/** Starts a gateway in front of `backend`; it lives as long as `servers`. */
export async function startBehind(
  servers: AsyncDisposableStack,
  backend: Backend,
  { isDefaultPolicy, isTls }: Behind,
): Promise<Target> {
  const { users } = backend;
  const options: GatewayOptions = {
    backend,
    users: Object.values(users),
    policies: isDefaultPolicy ? [] : [POLICY],
  };
  if (!isTls) return { users, endpoint: servers.use(await startGateway(options)).endpoint };
  const { folder } = servers.use(await makeScratch("s3tests-pki"));
  const { ca, server } = await makeTestPki(folder);
  const { endpoint } = servers.use(await startGateway({ ...options, tls: server }));
  return { users, endpoint, ca };
}

/** Users with keys of their own; `owner` says what the server calls them. */
function usersWho(
  owner: (keys: { accessKey: string }) => Pick<S3User, "userId" | "displayName">,
): ThreeUsers {
  const user = (name: string): S3User => {
    const accessKey = `E2E${name.toUpperCase()}`.padEnd(20, "0");
    const secretKey = `e2e-${name}-`.padEnd(40, "s");
    return { ...owner({ accessKey }), accessKey, secretKey, email: `${name}@example.com` };
  };
  return { main: user("main"), alt: user("alt"), tenant: user("tenant") };
}
