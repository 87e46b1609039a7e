/** Transfers in spans, where they belong to a request that is traced. A span lasts until the bytes have passed. */
import type { Download, Upload } from "../contracts/contract.ts";
import { type Span, type SpanStart, spanned, type Tracing } from "../runtime/tracing.ts";
import type { Body } from "./body.ts";
import type { TransferClient, TransferServer } from "./transfer.ts";
import { watchedBody } from "./watched-body.ts";

/** The asker's side. */
export function tracedTransferClient(client: TransferClient, tracing: Tracing): TransferClient {
  return {
    upload(contract, sending, options) {
      const span = tracing.part(spanStart("send", "client", contract));
      if (!span) return client.upload(contract, sending, options);
      const { traceparent } = span;
      return spanned(tracing, span, () => {
        return client.upload(contract, sending, { ...options, traceparent });
      });
    },
    async download(contract, head, options) {
      const span = tracing.part(spanStart("fetch", "client", contract));
      if (!span) return await client.download(contract, head, options);
      const { traceparent } = span;
      const asked = { ...options, traceparent };
      return await untilBodyEnds(tracing, span, () => client.download(contract, head, asked));
    },
  };
}

/** The owner's side. */
export function tracedTransferServer(server: TransferServer, tracing: Tracing): TransferServer {
  return {
    serveUpload(contract, answerer) {
      const start = spanStart("take", "server", contract);
      server.serveUpload(contract, (received, context) => {
        const span = tracing.answer(start, context.traceparent);
        if (!span) return answerer(received, context);
        return spanned(tracing, span, () => answerer(received, context));
      });
    },
    serveDownload(contract, answerer) {
      const start = spanStart("give", "server", contract);
      server.serveDownload(contract, (head, context) => {
        const span = tracing.answer(start, context.traceparent);
        if (!span) return answerer(head, context);
        return untilBodyEnds(tracing, span, () => answerer(head, context));
      });
    },
  };
}

async function untilBodyEnds<Answer extends { readonly body: Body }>(
  tracing: Tracing,
  span: Span,
  act: () => Promise<Answer>,
): Promise<Answer> {
  try {
    const answer = await tracing.within(span, act);
    const body = watchedBody(answer.body, {
      onEnd: () => span.end(),
      onError: (error) => span.end({ error }),
      onDestroy: (reason) => span.end(reason === undefined ? undefined : { error: reason }),
    });
    return { ...answer, body };
  } catch (error) {
    span.end({ error });
    throw error;
  }
}

function spanStart(
  verb: string,
  kind: SpanStart["kind"],
  { path }: Pick<Upload<unknown, unknown, unknown> | Download<unknown, unknown>, "path">,
): SpanStart {
  return { name: `${verb} ${path}`, kind, attributes: { "s3eg.transfer": path } };
}
