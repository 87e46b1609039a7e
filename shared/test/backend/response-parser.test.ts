import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { type ResponseHead, ResponseParser } from "../../src/backend/response-parser.ts";
import { isFault } from "../../src/faults.ts";

/** Feeds `text` cut at `cuts`, copying what is given out, and says what was found. */
function parse(
  text: string,
  options: { isHead?: boolean; step?: number; isClosed?: boolean } = {},
) {
  const bytes = Buffer.from(text, "latin1");
  const step = options.step ?? bytes.length;
  const parser = new ResponseParser(options.isHead ?? false);
  let head: ResponseHead | undefined;
  let body = "";
  const interim: number[] = [];
  let isEnded = false;
  const drain = () => {
    for (let event = parser.next(); event; event = parser.next()) {
      if (event.kind === "head") head = event.head;
      else if (event.kind === "piece") body += event.piece.toString("latin1");
      else if (event.kind === "interim") interim.push(event.status);
      else isEnded = true;
    }
  };
  for (let at = 0; at < bytes.length; at += step) {
    // The memory is used again, as a connection does it.
    const piece = Buffer.from(bytes.subarray(at, at + step));
    parser.push(piece);
    if (!isEnded) drain();
    if (!isEnded) piece.fill(0);
  }
  if (options.isClosed) {
    parser.finish();
    drain();
  }
  return { head, body, interim, isEnded, surplus: isEnded ? parser.unreadBytes : 0 };
}

const isMalformed = (error: unknown) =>
  isFault(error, "backend.unavailable") && error.details.phase === "answer";

describe("ResponseParser", () => {
  it("reads status, fields and a body of known length, whole and byte by byte", () => {
    const text =
      'HTTP/1.1 206 Partial Content\r\nContent-Length: 5\r\nETag: "a"\r\nX-Empty:\r\n\r\nhello';
    for (const step of [1, 2, 3, 7, text.length]) {
      const { head, body, isEnded } = parse(text, { step });
      assert.equal(head?.status, 206);
      assert.deepEqual(head?.headers, { "content-length": "5", etag: '"a"', "x-empty": "" });
      assert.equal(head?.isKeepAlive, true);
      assert.equal(body, "hello");
      assert.equal(isEnded, true);
    }
  });

  it("reads chunked bodies with extensions and trailers, whole and byte by byte", () => {
    const text =
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n5;a=b\r\nhello\r\nB\r\n, the world\r\n000\r\nX-T: 1\r\n\r\n";
    for (const step of [1, 2, 5, text.length]) {
      const { body, isEnded, surplus } = parse(text, { step });
      assert.equal(body, "hello, the world");
      assert.equal(isEnded, true);
      assert.equal(surplus, 0);
    }
  });

  it("finds the same in any fragmentation", () => {
    const text =
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\nrest";
    const whole = parse(text);
    fc.assert(
      fc.property(fc.integer({ min: 1, max: text.length }), (step) => {
        const { head, body } = parse(text, { step });
        assert.deepEqual({ head, body }, { head: whole.head, body: whole.body });
      }),
    );
  });

  it("tells of interim answers, but not without end", () => {
    const interim = "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n";
    const final = "HTTP/1.1 204 No Content\r\n\r\n";
    assert.equal(parse(interim + interim + final).head?.status, 204);
    assert.deepEqual(parse(`HTTP/1.1 100 Continue\r\n\r\n${interim}${final}`).interim, [100, 103]);
    assert.throws(() => parse(interim.repeat(40) + final), isMalformed);
    assert.throws(() => parse("HTTP/1.1 101 Switching Protocols\r\n\r\n"), isMalformed);
  });

  it("sees no body in answers to HEAD, in 204 and in 304, whatever length they tell", () => {
    for (const [status, isHead] of [
      [200, true],
      [204, false],
      [304, false],
      [404, true],
    ] as const) {
      const { isEnded, body } = parse(`HTTP/1.1 ${status} x\r\nContent-Length: 10\r\n\r\n`, {
        isHead,
      });
      assert.equal(isEnded, true, String(status));
      assert.equal(body, "");
    }
  });

  it("counts bytes after the end as surplus", () => {
    assert.equal(parse("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nabc").surplus, 2);
  });

  it("keeps latin-1 bytes of values, also those that look like white space", () => {
    const { head } = parse("HTTP/1.1 204 x\r\nX-Amz-Meta-A: \t\u00c3\u00a0 \r\n\r\n");
    assert.equal(head?.headers["x-amz-meta-a"], "\u00c3\u00a0");
  });

  it("joins repeated fields, except those of which one counts", () => {
    const { head } = parse(
      'HTTP/1.1 204 x\r\nVary: a\r\nETag: "1"\r\nvary: b\r\nETag: "2"\r\n\r\n',
    );
    assert.deepEqual(head?.headers, { vary: "a, b", etag: '"1"' });
  });

  it("says when the connection may not be kept", () => {
    const head = (text: string) => parse(`${text}Content-Length: 0\r\n\r\n`).head?.isKeepAlive;
    assert.equal(head("HTTP/1.1 200 OK\r\n"), true);
    assert.equal(head("HTTP/1.1 200 OK\r\nConnection: foo, Close\r\n"), false);
    assert.equal(head("HTTP/1.0 200 OK\r\n"), false);
  });

  it("takes an error without length up to the end of the connection, a success never", () => {
    const answer = parse("HTTP/1.1 502 Bad\r\n\r\n<html>", { isClosed: true });
    assert.equal(answer.body, "<html>");
    assert.equal(answer.head?.isKeepAlive, false);
    assert.throws(() => parse("HTTP/1.1 200 OK\r\n\r\nabc"), isMalformed);
  });

  it("refuses to end where the answer is not complete", () => {
    for (const text of [
      "",
      "HTTP/1.1 200 OK\r\n",
      "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nabc",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n",
    ]) {
      assert.throws(() => parse(text, { isClosed: true }), isMalformed, JSON.stringify(text));
    }
  });

  const malformed = {
    "length and chunked":
      "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
    "two lengths": "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n",
    "list of lengths": "HTTP/1.1 200 OK\r\nContent-Length: 1, 1\r\n\r\n",
    "signed length": "HTTP/1.1 200 OK\r\nContent-Length: +1\r\n\r\n",
    "huge length": "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999\r\n\r\n",
    "empty length": "HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\n",
    "other encoding": "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
    "bare line feed": "HTTP/1.1 200 OK\nContent-Length: 1\r\n\r\n",
    "folded field": "HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n",
    "space before colon": "HTTP/1.1 200 OK\r\nA : b\r\n\r\n",
    "field without name": "HTTP/1.1 200 OK\r\n: b\r\n\r\n",
    "field without colon": "HTTP/1.1 200 OK\r\nnonsense\r\n\r\n",
    "control character": "HTTP/1.1 200 OK\r\nA: b\0c\r\n\r\n",
    "carriage return": "HTTP/1.1 200 OK\r\nA: b\rc\r\n\r\n",
    "not HTTP": "SSH-2.0-OpenSSH\r\n\r\n",
    "HTTP/2": "HTTP/2.0 200 OK\r\n\r\n",
    "status of two digits": "HTTP/1.1 20 OK\r\n\r\n",
    "chunk size not hex": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
    "chunk size with sign": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n",
    "huge chunk": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffff\r\n",
    "chunk too long": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n",
    "chunk line too long": `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;${"x".repeat(300)}\r\n`,
    "chunk line with bare line feed": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\na",
    "trailer too large": `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n${"A: b\r\n".repeat(4000)}`,
    "head too large": `HTTP/1.1 200 OK\r\nA: ${"x".repeat(70_000)}\r\n\r\n`,
  };
  for (const [name, text] of Object.entries(malformed)) {
    it(`refuses an answer with ${name}`, () => {
      for (const step of [text.length, 1000, 1]) {
        assert.throws(() => parse(text, { step }), isMalformed);
      }
    });
  }

  it("knows how much of a body is still to come", () => {
    const parser = new ResponseParser(false);
    parser.push(Buffer.from("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc"));
    assert.equal(parser.next()?.kind, "head");
    assert.equal(parser.missingBytes, 7);
    assert.equal(parser.leftBytes, 10);
    assert.equal(parser.next()?.kind, "piece");
    assert.equal(parser.leftBytes, 7);
    parser.push(Buffer.from("defghij"));
    assert.equal(parser.missingBytes, 0);
    assert.equal(parser.next()?.kind, "piece");
    assert.equal(parser.next()?.kind, "end");
    assert.equal(parser.next(), undefined);
  });
});
