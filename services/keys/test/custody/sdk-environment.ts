/** Variables of this process, for SDKs that look for credentials by themselves. */

/** Sets them, until the process of this test file ends. */
export function setForSdk(variables: Readonly<Record<string, string>>): void {
  // biome-ignore lint/style/noProcessEnv: it is where the SDKs look
  Object.assign(process.env, variables);
}
