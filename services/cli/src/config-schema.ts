/** The configuration as a JSON schema (draft 2020-12), by which editors complete and check `config.yaml`. */
import { z } from "zod";
import { gatewaySchema } from "./gateway-config.ts";

/** The schema as text. Each setting has its meaning and its variable as description; what only code can check is not in it. */
export function configSchema(): string {
  const schema = z.toJSONSchema(gatewaySchema, {
    io: "input",
    unrepresentable: "any",
    override: ({ jsonSchema }) => {
      const { env, description } = jsonSchema;
      delete jsonSchema.env;
      if (typeof env !== "string") return;
      jsonSchema.description = description === undefined ? env : `${description} (${env})`;
    },
  });
  return `${JSON.stringify({ title: "S3 encryption gateway", ...schema }, undefined, 2)}\n`;
}
