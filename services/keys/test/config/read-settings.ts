/** Reads `encryption.*` as a start does, for tests of its sections. */
import assert from "node:assert/strict";
import { isFault } from "@s3eg/shared/faults.ts";
import { loadConfig } from "@s3eg/shared/runtime/config.ts";
import { z } from "zod";
import { EncryptionSection } from "../../src/config.ts";

const schema = z.strictObject({ encryption: EncryptionSection });

/** The section, from variables and YAML. */
export function load(env: Record<string, string>, yamlText = ""): EncryptionSection {
  return loadConfig(schema, { env, yamlText }).encryption;
}

/** The lines with which a configuration is refused. */
export function problems(env: Record<string, string>, yamlText = ""): string {
  try {
    load(env, yamlText);
  } catch (error) {
    assert.ok(isFault(error, "config.invalid"));
    return error.message;
  }
  return assert.fail("was accepted");
}
