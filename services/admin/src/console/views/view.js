/** Which view shows what was read. */
import { h } from "../element.js";
import { auditView } from "./audit.js";
import { configurationView } from "./configuration.js";
import { jobsView } from "./jobs.js";
import { keysView } from "./keys.js";
import { overview } from "./overview.js";
import { servicesView } from "./services.js";
import { uploadsView } from "./uploads.js";

/**
 * @typedef {import("../app.js").Wishes & { readonly nowMs: number, readonly api: Pick<import("../api.js").Api, "has"> }} Shown
 * @typedef {import("../element.js").Element} Element
 */

/**
 * The view of a route; `values` are the answers by path, undefined before the first.
 * @param {import("../routes.js").Route} route
 * @param {Readonly<Record<string, unknown>> | undefined} values
 * @param {Shown} shown
 * @returns {Element}
 */
export function viewOf({ name }, values, shown) {
  if (!values) return h("p", { class: "empty reading", key: "reading" }, "Reading …");
  return VIEWS[name](/** @type {Answers} */ (values), shown);
}

/**
 * What was read. The shapes are those of the OpenAPI document: the gateway that serves this page made both.
 * @typedef {{
 *   readonly "/admin/services": import("./services.js").Services,
 *   readonly "/admin/series": import("./overview.js").Series,
 *   readonly "/admin/keys": import("./keys.js").Keys,
 *   readonly "/admin/kms/rotate/status": import("./rotation.js").RotationStatus | undefined,
 *   readonly "/admin/mpu/list": import("./uploads.js").Uploads,
 *   readonly "/admin/jobs": { readonly jobs: readonly import("./jobs.js").Job[] },
 *   readonly "/admin/audit/tail": import("./audit.js").Tail,
 *   readonly "/admin/config": import("./configuration.js").Configuration,
 * }} Answers
 */

/** @type {Readonly<Record<import("../routes.js").ViewName, (read: Answers, shown: Shown) => Element>>} */
const VIEWS = {
  overview: (read, shown) =>
    overview({ services: read["/admin/services"], series: read["/admin/series"] }, shown),
  services: (read, shown) => servicesView(read["/admin/services"], shown),
  keys: (read, shown) => {
    const mayRotate = shown.api.has("POST", "/admin/kms/rotate/start");
    const rotation = read["/admin/kms/rotate/status"];
    return keysView({ keys: read["/admin/keys"], rotation }, { ...shown, mayRotate });
  },
  uploads: (read, shown) => {
    const mayAbort = shown.api.has("POST", "/admin/mpu/abort/{uploadId}");
    return uploadsView(read["/admin/mpu/list"], { ...shown, mayAbort });
  },
  jobs: (read, shown) => {
    const maySteer = shown.api.has("POST", "/admin/jobs/{id}/pause");
    return jobsView(read["/admin/jobs"], { ...shown, maySteer });
  },
  audit: (read, shown) => auditView(read["/admin/audit/tail"], shown),
  configuration: (read, shown) => configurationView(read["/admin/config"], shown),
};
