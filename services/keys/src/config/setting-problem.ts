/** What is wrong with settings that only shows when several of them are seen together. */
export interface SettingProblem {
  /** From `encryption.key_manager` on. */
  readonly path: readonly string[];
  /** Lower case, no value quoted. */
  readonly message: string;
}
