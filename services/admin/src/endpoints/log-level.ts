/** What the processes of the gateway log: seen, and changed for all of them until it is taken back or its time is over. */
import { logLevelSet } from "@s3eg/shared/contracts/log-level.ts";
import { LOG_LEVELS, type LogLevel } from "@s3eg/shared/runtime/log.ts";
import { z } from "zod";
import type { Office } from "../office.ts";
import type { Watch } from "../watch/watch.ts";
import { duration } from "./duration.ts";
import { type Endpoint, endpoint } from "./endpoint.ts";

const PATH = "/admin/log/level";

const Level = z.enum(LOG_LEVELS);

const SetBody = z.strictObject({
  level: Level,
  duration: duration()
    .optional()
    .describe("after which the configured level is back; absent: never"),
});

const SetLevel = z.object({
  level: Level,
  until: z.iso.datetime().optional().describe("when the configured level is back"),
});

const LevelBody = SetLevel.extend({
  configured_level: Level.describe("of this process"),
  services: z
    .array(
      z.object({
        id: z.string(),
        host: z.string(),
        roles: z.array(z.string()),
        level: Level.optional(),
      }),
    )
    .describe("every process that was heard of"),
});

/** `/admin/log/level`. */
export function logLevelEndpoints(office: Office, watch: Pick<Watch, "processes">): Endpoint[] {
  const { logLevel } = office;
  const announced = { description: "announced to every process", schema: SetLevel };
  return [
    endpoint({
      method: "GET",
      path: PATH,
      summary: "What this process and all others log",
      answers: { 200: { description: "the levels", schema: LevelBody } },
      async handle() {
        const { level, configured, untilMs } = logLevel.state;
        const services = watch.processes.list().map(({ state }) => {
          return { id: state.id, host: state.host, roles: state.roles, level: state.logLevel };
        });
        const body = { ...setLevel(level, untilMs), configured_level: configured, services };
        return { status: 200, body };
      },
    }),
    endpoint({
      method: "PUT",
      path: PATH,
      summary: "Have every process log at a level, for a while or until it is taken back",
      body: SetBody,
      answers: { 200: announced },
      event: "log_level.changed",
      async handle({ body: { level, duration: durationMs } }) {
        const untilMs = durationMs === undefined ? undefined : Date.now() + Math.ceil(durationMs);
        await announce(office, { level, ...(untilMs === undefined ? {} : { untilMs }) });
        return { status: 200, body: setLevel(level, untilMs) };
      },
    }),
    endpoint({
      method: "DELETE",
      path: PATH,
      summary: "Have every process log at its configured level again",
      answers: { 200: announced },
      event: "log_level.changed",
      async handle() {
        await announce(office, {});
        return { status: 200, body: setLevel(logLevel.state.configured, undefined) };
      },
    }),
  ];
}

async function announce(
  { bus, logLevel: { proof } }: Office,
  wish: { readonly level?: LogLevel; readonly untilMs?: number },
): Promise<void> {
  const unproven = { ...wish, announcedAtMs: Date.now(), mac: "" };
  await bus.publish(logLevelSet, proof ? proof.prove(wish) : unproven);
}

function setLevel(level: LogLevel, untilMs: number | undefined): z.infer<typeof SetLevel> {
  return { level, ...(untilMs === undefined ? {} : { until: new Date(untilMs).toISOString() }) };
}
