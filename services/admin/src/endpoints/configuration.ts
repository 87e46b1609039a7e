/** The settings that this process goes by, secrets left out. */
import { z } from "zod";
import { type Endpoint, endpoint } from "./endpoint.ts";

const ShownSetting = z.object({
  name: z.string().describe("as in the file: sections, parted by dots"),
  value: z
    .unknown()
    .optional()
    .describe("as the process has it: durations in milliseconds; [secret] for what is one"),
  source: z
    .enum(["environment", "file", "default"])
    .describe("where it comes from; a file that changed since the start may wait for the next one"),
  variable: z.string().optional().describe("the environment variable it answers to"),
});
/** One setting of the configuration, fit to be shown. */
export type ShownSetting = z.infer<typeof ShownSetting>;

const ConfigurationBody = z.object({
  roles: z.array(z.string()),
  settings: z.array(ShownSetting),
});

/** `GET /admin/config`. */
export function configurationEndpoints(
  roles: readonly string[],
  settings: () => readonly ShownSetting[],
): Endpoint[] {
  return [
    endpoint({
      method: "GET",
      path: "/admin/config",
      summary: "The settings that this process goes by, and where they come from",
      answers: { 200: { description: "the settings", schema: ConfigurationBody } },
      handle: async () => ({
        status: 200,
        body: { roles: [...roles], settings: [...settings()] },
      }),
    }),
  ];
}
