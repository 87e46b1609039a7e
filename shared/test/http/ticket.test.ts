import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { TransferTickets } from "../../src/http/ticket.ts";
import { Secret } from "../../src/runtime/secret.ts";
import { faultOf } from "../bus/bus-contract.ts";

const ticketsOf = (fill: number) => new TransferTickets(new Secret(Buffer.alloc(32, fill)));
const use = { worker: "w1", path: "seal-object", requestId: "r1", now: 1_000_000 };

describe("TransferTickets", () => {
  const tickets = ticketsOf(1);
  const ticket = tickets.issue(use);

  it("lets a ticket pass for 30 seconds where it was issued for", () => {
    tickets.check(ticket, use);
    tickets.check(ticket, { ...use, now: use.now + 29_999 });
  });

  it("denies it after that", () => {
    const late = { ...use, now: use.now + 30_000 };
    assert.throws(() => tickets.check(ticket, late), faultOf("auth.denied"));
  });

  for (const other of [{ worker: "w2" }, { path: "open-object" }, { requestId: "r2" }]) {
    it(`denies it for another use: ${JSON.stringify(other)}`, () => {
      assert.throws(() => tickets.check(ticket, { ...use, ...other }), faultOf("auth.denied"));
    });
  }

  it("denies it under another secret", () => {
    assert.throws(() => ticketsOf(2).check(ticket, use), faultOf("auth.denied"));
  });

  it("denies a moved field boundary, a later expiry, every changed character and what is no ticket", () => {
    const joined = { ...use, worker: "w1seal-object", path: "" };
    assert.throws(() => tickets.check(ticket, joined), faultOf("auth.denied"));
    const [expiry = "", mac = ""] = ticket.split(".");
    const changed = Array.from(mac, (letter, at) => {
      const other = letter === "A" ? "Q" : "A";
      return `${expiry}.${mac.slice(0, at)}${other}${mac.slice(at + 1)}`;
    });
    const longer = `${Number(expiry) + 1}.${mac}`;
    for (const bad of [
      ...changed,
      longer,
      "",
      ".",
      mac,
      `${expiry}.`,
      `${ticket}A`,
      ` ${ticket}`,
    ]) {
      assert.throws(() => tickets.check(bad, use), faultOf("auth.denied"), bad);
    }
  });
});
