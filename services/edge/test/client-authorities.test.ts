import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { describe, it } from "node:test";
import { ClientAuthorities } from "../src/client-authorities.ts";
import { type Made, madeCertificate } from "./some-certificates.ts";

/** A connection, before its handshake and after it. */
class Connection extends EventEmitter {
  readonly remoteAddress = "127.0.0.1";
  readonly remotePort: number;
  readonly authorized: boolean;
  readonly #shown: Made | undefined;

  constructor(remotePort: number, shown?: Made, authorized = shown !== undefined) {
    super();
    this.remotePort = remotePort;
    this.authorized = authorized;
    this.#shown = shown;
  }

  getPeerX509Certificate() {
    return this.#shown?.x509;
  }
}

describe("ClientAuthorities", () => {
  const one = madeCertificate("one");
  const other = madeCertificate("other");
  const byOne = madeCertificate("client", one);
  /** Stands for who is vouched for by somebody between. */
  const further = madeCertificate("further", madeCertificate("between"));

  it("believe what was verified, and nothing else", () => {
    const authorities = new ClientAuthorities(one.cert);
    const [good, bare, bad] = [
      new Connection(1, byOne),
      new Connection(2),
      new Connection(3, further, false),
    ];
    for (const connection of [good, bare, bad]) {
      authorities.begin(connection);
      authorities.meet(connection);
    }
    assert.equal(authorities.certificateOf(good), byOne.x509);
    assert.equal(authorities.certificateOf(bare), undefined);
    assert.equal(authorities.certificateOf(bad), undefined);
    assert.equal(authorities.certificateOf({}), undefined);
  });

  it("go on believing a connection where no authority is gone, or where one of now vouches itself", () => {
    const authorities = new ClientAuthorities(`${one.cert}${other.cert}`);
    const [near, far] = [new Connection(1, byOne), new Connection(2, further)];
    for (const connection of [near, far]) {
      authorities.begin(connection);
      authorities.meet(connection);
    }
    authorities.exchange(`${other.cert}${one.cert}`);
    assert.equal(authorities.certificateOf(far), further.x509);
    authorities.exchange(one.cert);
    assert.equal(authorities.certificateOf(near), byOne.x509);
    assert.throws(() => authorities.certificateOf(far), { code: "ServiceUnavailable" });
    authorities.exchange(other.cert);
    assert.throws(() => authorities.certificateOf(near), { code: "ServiceUnavailable" });
  });

  it("go by those that the handshake began with", () => {
    const authorities = new ClientAuthorities(one.cert);
    const connection = new Connection(1, byOne);
    authorities.begin(connection);
    authorities.exchange(other.cert);
    authorities.meet(connection);
    assert.throws(() => authorities.certificateOf(connection), { code: "ServiceUnavailable" });
  });

  it("forget a handshake that came to nothing", () => {
    const authorities = new ClientAuthorities(one.cert);
    const connection = new Connection(1, byOne);
    authorities.begin(connection);
    connection.emit("close");
    authorities.meet(connection);
    assert.equal(authorities.certificateOf(connection), undefined);
  });
});
