/** What the buttons of the console ask of the gateway. */

/** @typedef {{ readonly title: string, readonly text: string, readonly yes?: string }} Question Without `yes` there is nothing to decide. */

/**
 * @typedef {object} Action
 * @property {import("./api.js").Method} method
 * @property {string} path
 * @property {import("./api.js").Call} call
 * @property {string} done What is said when it was done.
 * @property {Question} [question] Absent: it can be taken back, and nobody is asked.
 */

/** @typedef {Readonly<Record<string, string | undefined>>} About */

/** @type {Readonly<Record<string, ((about: About) => Action) | undefined>>} */
export const actions = {
  "abort-upload": ({ id = "", object = "" }) => ({
    method: "POST",
    path: "/admin/mpu/abort/{uploadId}",
    call: { params: { uploadId: id } },
    done: `The upload of ${object} was aborted.`,
    question: {
      title: "Abort this upload?",
      text: `The parts that were uploaded for ${object} are deleted, and its client can't complete it any more. This can't be taken back.`,
      yes: "Abort the upload",
    },
  }),
  "steer-job": ({ id = "", action = "", name = "" }) => ({
    method: "POST",
    path: `/admin/jobs/{id}/${action}`,
    call: { params: { id } },
    done: DONE[action] ?? "",
    ...(action === "cancel"
      ? {
          question: {
            title: "Cancel this job?",
            text: `The ${name} ends. What it did so far stays done; it can't go on, only be begun anew.`,
            yes: "Cancel the job",
          },
        }
      : {}),
  }),
  "start-rotation": ({ from = "", target = "", grace = "" }) => ({
    method: "POST",
    path: "/admin/kms/rotate/start",
    call: {
      body: {
        target_version: Number(target),
        ...(grace === "" ? {} : { grace_period: grace }),
      },
    },
    done: `The rotation to version ${target} was started.`,
    question: {
      title: `Start a rotation to version ${target}?`,
      text: `Version ${from} goes on wrapping new data keys until the rotation is committed. Until then it can be aborted, and nothing has changed.`,
      yes: "Start the rotation",
    },
  }),
  "commit-rotation": ({ from = "", to = "", force, wraps = "" }) => ({
    method: "POST",
    path: "/admin/kms/rotate/commit",
    call: { body: { force: force === "true" } },
    done: `Version ${to} wraps new data keys now.`,
    question: {
      title: `Commit the rotation to version ${to}?`,
      text: [
        ...(force === "true" ? [`What is being wrapped (${wraps}) is not waited for.`] : []),
        `Version ${to} wraps all new data keys from now on. Version ${from} still opens what it wrapped. To go back, start another rotation.`,
      ].join(" "),
      yes: "Commit the rotation",
    },
  }),
  "abort-rotation": ({ from = "", to = "" }) => ({
    method: "POST",
    path: "/admin/kms/rotate/abort",
    call: {},
    done: `The rotation to version ${to} was aborted.`,
    question: {
      title: `Abort the rotation to version ${to}?`,
      text: `Version ${from} goes on wrapping new data keys, as before the start.`,
      yes: "Abort the rotation",
    },
  }),
};

/** @type {Readonly<Record<string, string | undefined>>} */
const DONE = {
  pause: "The job pauses.",
  resume: "The job goes on.",
  cancel: "The job was cancelled.",
};
