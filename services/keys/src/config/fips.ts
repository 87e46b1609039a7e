/** What the FIPS profile (`encryption.fips`) does not let be configured. */
import type { KdfSection } from "./kdf.ts";
import type { SettingProblem } from "./setting-problem.ts";

/** Settings of `encryption` that the profile looks at. */
export interface FipsSettings {
  readonly fips: boolean;
  readonly preferred_algorithm: string;
  readonly kdf: KdfSection;
}

/** Every setting that asks for an algorithm that the profile has not; paths from `encryption` on. */
export function fipsProblems({ fips, preferred_algorithm, kdf }: FipsSettings): SettingProblem[] {
  if (!fips) return [];
  const problems: SettingProblem[] = [];
  if (preferred_algorithm !== "AES256-GCM") {
    const message = `asks for ${preferred_algorithm}, which the FIPS profile (encryption.fips) has not: AES256-GCM it has`;
    problems.push({ path: ["preferred_algorithm"], message });
  }
  if (kdf.algorithm !== "pbkdf2-sha256") {
    const message = `asks for ${kdf.algorithm}, which the FIPS profile (encryption.fips) has not: pbkdf2-sha256 it has`;
    problems.push({ path: ["kdf", "algorithm"], message });
  }
  return problems;
}
