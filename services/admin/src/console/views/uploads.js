/** Multipart uploads under way, and the end of one that nobody will end. */
import { h } from "../element.js";
import { ago, several, span } from "../format.js";
import { badge, button, dataTable, empty } from "./parts.js";

/** @typedef {{ readonly upload_id: string, readonly bucket: string, readonly key: string, readonly created_at: string, readonly expires_at: string, readonly encrypted: boolean }} Upload */
/** @typedef {{ readonly active_uploads: readonly Upload[], readonly count: number, readonly total: number }} Uploads */

/**
 * @param {Uploads} data
 * @param {{ readonly nowMs: number, readonly mayAbort: boolean }} shown
 */
export function uploadsView({ active_uploads, total }, { nowMs, mayAbort }) {
  if (active_uploads.length === 0) {
    return empty(
      "No multipart upload is under way.",
      "Parts that clients left behind would be seen here.",
    );
  }
  const shownCount = active_uploads.length;
  return h(
    "div",
    {},
    h(
      "p",
      { class: "lead" },
      shownCount === total
        ? `${several(total, "upload")} under way.`
        : `${several(shownCount, "upload")} shown, of ${total} under way.`,
    ),
    dataTable({
      caption: "Multipart uploads under way",
      head: [
        "Object",
        "Begun",
        "Forgotten in",
        "Sealed",
        "Upload id",
        ...(mayAbort ? ["Actions"] : []),
      ],
      rows: active_uploads.map((upload) => ({
        key: upload.upload_id,
        cells: [
          h("span", { class: "mono wrap" }, `${upload.bucket}/${upload.key}`),
          ago(upload.created_at, nowMs),
          span(Date.parse(upload.expires_at) - nowMs),
          upload.encrypted ? badge("good", "Sealed") : badge("warn", "As it is"),
          h("span", { class: "mono short", title: upload.upload_id }, upload.upload_id),
          ...(mayAbort ? [abortButton(upload)] : []),
        ],
      })),
    }),
  );
}

/** @param {Upload} upload */
function abortButton({ upload_id, bucket, key }) {
  const object = `${bucket}/${key}`;
  return button("abort-upload", "Abort …", {
    name: `upload of ${object}`,
    tone: "danger",
    id: upload_id,
    object,
  });
}
