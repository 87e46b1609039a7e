/** `s3eg policy explain`: which policy an object comes under, why, and what each of its settings makes of it. */
import { loadConfig } from "@s3eg/shared/runtime/config.ts";
import { givenPlaces } from "@s3eg/shared/runtime/given-places.ts";
import {
  explainPolicy,
  type NamingPolicy,
  type PolicyExplanation,
} from "../../../edge/src/auth/configured-explanation.ts";
import { policiesOf } from "../entrance.ts";
import { configSources, type Env, gatewaySchema } from "../gateway-config.ts";
import { EXIT, ToolFailure, toolArguments } from "../tool-arguments.ts";

const USAGE = "usage: s3eg policy explain BUCKET [KEY] [--config FILE] [--output text|json]";

/** Text for the terminal, or JSON. Nothing but the configuration is read. */
export async function policy(args: readonly string[], env: Env): Promise<string> {
  const asked = toolArguments(args, env, { named: [], usage: USAGE });
  const [verb, bucket, key = "", ...more] = asked.operands;
  if (verb !== "explain" || bucket === undefined || more.length > 0) {
    throw new ToolFailure(EXIT.usage, USAGE);
  }
  // Whether a gateway could start with the rest of the configuration does not matter here.
  const sources = configSources(asked.env);
  const policies = policiesOf(loadConfig(gatewaySchema, sources), asked.env);
  const places = givenPlaces(gatewaySchema, sources);
  const explanation = explainPolicy(policies, { bucket, key }, places);
  return asked.isJson ? `${JSON.stringify(explanation, undefined, 2)}\n` : textOf(explanation);
}

function textOf({ bucket, key, policy: found, passedOver, settings }: PolicyExplanation): string {
  const object = key === "" ? bucket : `${bucket}/${key}`;
  const why = found
    ? `${nameOf(found)} is the first that names it, by ${found.glob}`
    : "no policy names it: the defaults hold";
  const others = passedOver.map(
    (other) => `  passed over: ${nameOf(other)}, which names it by ${other.glob}\n`,
  );
  const rows = settings.map(({ setting, value, effect, from }) => [setting, value, effect, from]);
  const widths = [0, 1, 2].map((at) => Math.max(...rows.map((row) => (row[at] ?? "").length)) + 2);
  const lines = rows.map((row) =>
    row
      .map((cell, at) => cell.padEnd(widths[at] ?? 0))
      .join("")
      .trimEnd(),
  );
  return `${object}: ${why}\n${others.join("")}\n${lines.join("\n")}\n`;
}

function nameOf({ id, source }: NamingPolicy): string {
  return `policy "${id}" (${source})`;
}
