/** Streams that lie on as many servers as the settings say. Nobody may change one that is there: who could might have it take other subjects, too. */
import {
  JetStreamApiCodes,
  JetStreamApiError,
  type StreamAPI,
  type StreamConfig,
} from "@nats-io/jetstream";

/** What a stream is made with: its name, and on how many servers it lies at least. */
type WantedStream = Partial<StreamConfig> & Pick<StreamConfig, "name" | "num_replicas">;

/** Makes the stream, or takes the one that is there as it is. Throws what JetStream answers, and as `checkReplicas` does. */
export async function haveStream(streams: StreamAPI, wanted: WantedStream): Promise<void> {
  try {
    await checkReplicas(wanted.num_replicas, wanted.name, streams);
  } catch (error) {
    const isMissing =
      error instanceof JetStreamApiError && error.code === JetStreamApiCodes.StreamNotFound;
    if (!isMissing) throw error;
    await streams.add(wanted);
  }
}

/** Throws where a stream lies on fewer servers, with what an operator does about it; and what JetStream answers. */
export async function checkReplicas(
  replicas: number,
  stream: string,
  streams: StreamAPI,
): Promise<void> {
  const { num_replicas: found } = (await streams.info(stream)).config;
  if (found >= replicas) return;
  const remedy = `nats stream edit ${stream} --replicas=${replicas}`;
  throw new Error(`${stream} lies on ${found} of ${replicas} servers (NATS_REPLICAS): ${remedy}`);
}
