/** The metadata of objects on their way to the backend and back: in the clear, or sealed where the object's header says so (format.md §11). */
import type { HeaderFields } from "@s3eg/shared/backend/backend.ts";
import { decodeHeader, type ObjectHeader } from "@s3eg/shared/format/header.ts";
import { HEADER_FIELD } from "@s3eg/shared/format/layout.ts";
import { hiddenMetadata, partMetadata, shownMetadata } from "@s3eg/shared/format/metadata.ts";
import type { ObjectKeys } from "@s3eg/shared/sealing/object-keys.ts";
import { openMetadata, sealMetadata } from "@s3eg/shared/sealing/sealed-metadata.ts";
import { checkMetadataRoom } from "./metadata-room.ts";
import { visibleHeaders } from "./plain-or-sealed.ts";

/** Header fields to store with a fresh object: its header, and the client's. `limit.metadata-too-large` where they leave no room. */
export function storedHeaders(
  headers: HeaderFields,
  { keys, header }: { keys: ObjectKeys; header: string },
  isSealed = false,
): HeaderFields {
  const others = isSealed ? hidden(headers, { keys, header }) : headers;
  const stored = { ...others, [HEADER_FIELD]: header };
  checkMetadataRoom(stored);
  return stored;
}

/** What a client sees of a backend's answer about an object whose header proved genuine. `crypto.integrity` for metadata that do not open. */
export function shownHeaders(
  headers: HeaderFields,
  proven: { header: ObjectHeader; keys: ObjectKeys },
): HeaderFields {
  const opened = openMetadata(headers, proven);
  return visibleHeaders(opened ? shownMetadata(headers, opened) : headers);
}

function hidden(
  headers: HeaderFields,
  { keys, header: value }: { keys: ObjectKeys; header: string },
): HeaderFields {
  const { metadata, others } = partMetadata(headers);
  const header = decodeHeader(value);
  return hiddenMetadata(others, sealMetadata(metadata, { header, keys }));
}
