/** Streams that are made where they are not there, and are kept on as many servers as the settings say. */
import {
  JetStreamApiCodes,
  JetStreamApiError,
  type StreamAPI,
  type StreamConfig,
} from "@nats-io/jetstream";

/** What a stream is made with: its name, and on how many servers it lies at least. */
type WantedStream = Partial<StreamConfig> & Pick<StreamConfig, "name" | "num_replicas">;

/** Makes the stream, or leaves the one that is there as it is but for its replicas. Throws what JetStream answers. */
export async function haveStream(streams: StreamAPI, wanted: WantedStream): Promise<void> {
  try {
    await keepOnAtLeast(wanted.num_replicas, wanted.name, streams);
  } catch (error) {
    const isMissing =
      error instanceof JetStreamApiError && error.code === JetStreamApiCodes.StreamNotFound;
    if (!isMissing) throw error;
    await streams.add(wanted);
  }
}

/** Gives a stream that is there as many replicas, if it has fewer: somebody may have given it more. Throws what JetStream answers. */
export async function keepOnAtLeast(
  replicas: number,
  stream: string,
  streams: StreamAPI,
): Promise<void> {
  const { config } = await streams.info(stream);
  if (config.num_replicas < replicas) await streams.update(stream, { num_replicas: replicas });
}
