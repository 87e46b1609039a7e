/** A headless Chromium, for tests of what the gateway shows to people. */
import { type Browser, chromium } from "playwright-core";
import { findProgram } from "./place.ts";

/** Starts one. Whoever starts it closes it. */
export async function startBrowser(): Promise<Browser & AsyncDisposable> {
  const executablePath = findProgram("chromium", "chromium");
  // The sandbox of Chromium needs rights that containers do not give; the pages are our own.
  return await chromium.launch({ executablePath, args: ["--no-sandbox"] });
}
