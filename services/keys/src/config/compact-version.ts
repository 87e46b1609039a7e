/** Versions of a key in settings: their numbers, and the compact form that variables have (`1=env:NAME,2=file:/path`). */
import { z } from "zod";

/** The number of a key version, as headers carry it. */
export const versionNumber = () => z.int().min(1).max(0xffff_ffff);

/** For `z.preprocess`: an entry in compact form as YAML has it, its source under `sourceName`. Anything else goes on as it is. */
export function fromCompact(sourceName: string) {
  return (entry: unknown, context: z.RefinementCtx): unknown => {
    if (typeof entry !== "string") return entry;
    const [, version, source] = /^(\d+)=(.+)$/s.exec(entry) ?? [];
    if (version !== undefined) return { version: Number(version), [sourceName]: source };
    const message = "expected a version and a key source, such as 1=env:NAME";
    context.addIssue({ code: "custom", message });
    return z.NEVER;
  };
}
