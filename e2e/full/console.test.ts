/**
 * The console as a person has it, in a real Chromium: seen in light and dark, walked with the keyboard alone, and held to what its own policy and
 * axe say. With E2E_SHOTS=docs/console the pictures of the documents are taken anew.
 */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, afterEach, before, describe, it } from "node:test";
import { connect } from "@nats-io/transport-node";
import type { Browser, Page } from "playwright-core";
import { type ConsoleSite, startConsoleSite } from "../console-site.ts";
import { startBrowser } from "../servers/browser.ts";

const SHOTS = process.env.E2E_SHOTS;
/** axe-core as `install.sh chromium` puts it: it is no dependency, for its licence is not permissive. */
const AXE = readFileSync("/usr/local/share/s3eg-e2e/axe.min.js", "utf8");

/** What `axe.run()` finds (axe-core, "Results Object"). */
interface AxeResults {
  readonly violations: readonly {
    readonly id: string;
    readonly impact?: string | null;
    readonly nodes: readonly { readonly html: string }[];
  }[];
}
const VIEWS = ["overview", "services", "keys", "uploads", "jobs", "audit", "configuration"];
/** What the documents show of a view beside the first, which they show in both. */
const SHOWN_IN: Readonly<Record<string, "light" | "dark">> = {
  ...{ keys: "light", jobs: "dark", audit: "light", services: "dark" },
};
/** Long enough for two points of the plots. */
const TRAFFIC_MS = Number(process.env.E2E_CONSOLE_TRAFFIC_MS ?? 25_000);

/** Tells what the policy of the page kept out. */
const WATCH_POLICY = `
  globalThis.kept = [];
  addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI }) =>
    globalThis.kept.push(violatedDirective + " " + blockedURI));
`;

/** What the shapes of announcements let through, and no proof does. */
const FORGED = {
  ...{ id: "7d0b7f0e-8c7a-4ef4-90d6-6a6d4c2b1a10", host: "forged", pid: 1, roles: ["edge"] },
  ...{ version: "1", zone: "", phase: "running", checks: {}, inFlight: 0, memoryBytes: 1 },
  ...{ cpuSeconds: 1, work: [], mac: Buffer.alloc(32).toString("base64") },
};
const FORGED_EVENT = {
  ...{ eventId: "forged", eventType: "encrypt", operation: "PutObject", success: true },
};

describe("the console", () => {
  const stack = new AsyncDisposableStack();
  let site: ConsoleSite;
  let browser: Browser;
  let complaints: string[] = [];

  before(async () => {
    site = stack.use(await startConsoleSite());
    browser = stack.use(await startBrowser());
    await site.traffic(8);
    await site.run(["rewrap", "--dry-run", "photos"]);
    await site.ask("POST", "/admin/kms/rotate/start", { target_version: 2, grace_period: "1s" });
    await site.ask("POST", "/admin/kms/rotate/commit", { force: true });
    await site.leaveUploads();
    await site.ask("POST", "/admin/jobs", { kind: "verify", buckets: ["photos"] });
    const slow = { kind: "rewrap", buckets: ["empty", "photos"], dry_run: true, rate: 0.02 };
    await site.ask("POST", "/admin/jobs", slow);
    const end = Date.now() + TRAFFIC_MS;
    while (Date.now() < end) await site.traffic(4);
    await site.run(["rewrap", "--dry-run", "photos"]);
  });
  after(() => stack.disposeAsync());
  afterEach(() => {
    const said = complaints;
    complaints = [];
    deepEqual(said, []);
  });

  async function openPage(look: { colorScheme?: "light" | "dark"; width?: number } = {}) {
    const { colorScheme = "light", width = 1280 } = look;
    const context = await browser.newContext({ colorScheme, viewport: { width, height: 860 } });
    const page = await context.newPage();
    await page.addInitScript(WATCH_POLICY);
    page.on("pageerror", (error) => complaints.push(error.message));
    page.on("console", (message) => {
      // A refused token, or a step that is refused, is an answer that Chromium tells of, too.
      const isOfAnswer = /status of (?:400|401|409)/.test(message.text());
      if (message.type() === "error" && !isOfAnswer) complaints.push(message.text());
    });
    await page.goto(`${site.adminUrl}/console/`);
    await page
      .getByLabel("Admin token")
      .waitFor()
      .catch((cause: unknown) => {
        throw new Error(`the page did not begin: ${complaints.join("; ")}`, { cause });
      });
    return page;
  }

  async function signedIn(look: { colorScheme?: "light" | "dark"; width?: number } = {}) {
    const page = await openPage(look);
    await page.getByLabel("Admin token").fill(site.token);
    await page.keyboard.press("Enter");
    await page.getByRole("navigation", { name: "Views" }).waitFor();
    return page;
  }

  async function show(page: Page, view: string): Promise<void> {
    await page.goto(`${site.adminUrl}/console/#/${view}`);
    await page.locator(`main[data-view=${view}]`).waitFor();
    await page.locator("main .reading").waitFor({ state: "detached" });
  }

  async function close(page: Page): Promise<void> {
    deepEqual(await page.evaluate("kept"), [], "kept out by the policy of the page");
    await page.context().close();
  }

  async function serious(page: Page): Promise<string[]> {
    await page.evaluate(AXE);
    const { violations } = (await page.evaluate("axe.run()")) as AxeResults;
    return violations
      .filter(({ impact }) => impact === "serious" || impact === "critical")
      .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 120)).join(" | ")}`);
  }

  async function shoot(page: Page, name: string, options: { fullPage?: boolean } = {}) {
    if (SHOTS === undefined) return;
    await page.screenshot({ path: join(SHOTS, `${name}.png`), ...options });
  }

  const focused = async (page: Page) =>
    String(await page.evaluate("document.activeElement.textContent")).trim();

  it("is served to everybody, and tells nothing without the token", async () => {
    const page = await openPage();
    await page.getByLabel("Admin token").waitFor();
    equal((await fetch(`${site.adminUrl}/admin/services`)).status, 401);
    deepEqual(await serious(page), []);
    await close(page);
  });

  it("says that a token is wrong, and lets it be put right at once", async () => {
    const page = await openPage();
    await page.getByLabel("Admin token").fill("not-the-token");
    await page.keyboard.press("Enter");
    await page.getByText("The gateway does not accept this token.").waitFor();
    equal(await page.getByLabel("Admin token").getAttribute("aria-invalid"), "true");
    equal(await page.evaluate("document.activeElement.id"), "token");
    deepEqual(await serious(page), []);
    await page.getByLabel("Admin token").fill(site.token);
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Overview" }).waitFor();
    await page.reload();
    await page.getByLabel("Admin token").waitFor();
    await close(page);
  });

  for (const colorScheme of ["light", "dark"] as const) {
    it(`has nothing that people could not use, in ${colorScheme}`, async () => {
      const page = await signedIn({ colorScheme });
      for (const view of VIEWS) {
        await show(page, view);
        deepEqual(await serious(page), [], view);
        if (view === "overview" || SHOWN_IN[view] === colorScheme) {
          await shoot(page, `${view}-${colorScheme}`, {
            fullPage: view === "overview" && colorScheme === "light",
          });
        }
      }
      await close(page);
    });
  }

  it("fits a phone", async () => {
    const page = await signedIn({ width: 390, colorScheme: "dark" });
    for (const view of VIEWS) {
      await show(page, view);
      const over = "document.documentElement.scrollWidth - innerWidth";
      ok(Number(await page.evaluate(over)) <= 0, `${view} is wider than a phone`);
      if (view === "overview") await shoot(page, "phone-dark");
    }
    await close(page);
  });

  it("shows what goes on: services, rates, versions with their objects", async () => {
    const page = await signedIn();
    await page.getByText("All is well.").waitFor();
    equal(await page.locator("svg[data-plot]").count(), 6);
    await page.locator("section.chart").first().getByText("Show as a table").click();
    ok((await page.locator("section.chart").first().locator("tbody tr").count()) >= 1);
    await show(page, "keys");
    const versions = page.getByRole("table", { name: "Versions of keys" }).getByRole("row");
    match((await versions.nth(2).textContent()) ?? "", /^2.*Active/);
    match((await versions.nth(1).textContent()) ?? "", /\d %$/);
    await show(page, "configuration");
    await page.getByLabel("Name, variable or value").fill("admin.auth.token");
    await page.locator("td .badge", { hasText: "secret" }).waitFor();
    ok(!(await page.content()).includes(site.token));
    await close(page);
  });

  it("can be walked with the keyboard alone, up to the end of an upload", async () => {
    const page = await signedIn();
    equal(await focused(page), "Overview");
    const walkTo = async (wanted: string, key: string) => {
      const seen: string[] = [];
      for (let n = 0; n < 20 && !(seen.at(-1) ?? "").startsWith(wanted); n += 1) {
        await page.keyboard.press(key);
        seen.push(await focused(page));
      }
      ok((seen.at(-1) ?? "").startsWith(wanted), seen.join(" > "));
      return seen;
    };
    const back = await walkTo("Skip to the content", "Shift+Tab");
    for (const name of ["Configuration", "Overview", "Sign out", "Pause"]) ok(back.includes(name));
    await page.keyboard.press("Enter");
    equal(await focused(page), "Overview");
    await walkTo("Uploads", "Shift+Tab");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Uploads" }).waitFor();
    equal(await focused(page), "Uploads");
    await page.getByRole("button", { name: "Abort" }).first().waitFor();
    const uploads = await page.getByRole("button", { name: "Abort" }).count();
    await walkTo("Abort", "Tab");
    await page.keyboard.press("Enter");
    await page.getByRole("dialog").waitFor();
    equal(await focused(page), "Leave it");
    deepEqual(await serious(page), []);
    await page.keyboard.press("Escape");
    match(await focused(page), /^Abort/);
    await page.keyboard.press("Enter");
    await page.keyboard.press("Tab");
    equal(await focused(page), "Abort the upload");
    await page.keyboard.press("Enter");
    await page.getByText(/^The upload of photos\/archive\/.* was aborted\.$/).waitFor();
    const last = page.getByRole("button", { name: "Abort" }).nth(uploads - 1);
    await last.waitFor({ state: "detached" });
    await close(page);
  });

  it("holds a job, lets it go on, and ends it once that was confirmed", async () => {
    const page = await signedIn();
    await show(page, "jobs");
    const job = page.locator("li.card", { hasText: "Re-wrap" }).first();
    await job.getByRole("button", { name: "Pause" }).click();
    await job.getByText("Paused").waitFor();
    await job.getByRole("button", { name: "Go on" }).click();
    await job.getByRole("button", { name: "Pause" }).waitFor();
    await job.getByRole("button", { name: "Cancel" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Cancel the job" }).click();
    await job.getByText("Cancelled").waitFor();
    await close(page);
  });

  it("rotates step by step, each once it was confirmed, and says how it stands and what was refused", async () => {
    const page = await signedIn();
    await show(page, "keys");
    const answer = async (name: string) => {
      await page.getByRole("dialog").getByRole("button", { name }).click();
    };
    const version = page.getByLabel("New version");
    deepEqual(await version.locator("option").allTextContents(), ["3", "1"]);
    equal(await version.inputValue(), "3");
    const grace = page.getByLabel("Grace period");
    await grace.fill("soon");
    await page.keyboard.press("Enter");
    await page.getByRole("dialog", { name: "Start a rotation to version 3?" }).waitFor();
    equal(await focused(page), "Leave it");
    deepEqual(await serious(page), []);
    await answer("Start the rotation");
    await page
      .getByRole("dialog")
      .getByText(/grace_period: expected a duration/)
      .waitFor();
    await answer("Close");
    await grace.fill("5m");
    await page.getByRole("button", { name: "Start …" }).click();
    await answer("Leave it");
    equal(await focused(page), "Start …");
    await page.keyboard.press("Enter");
    await answer("Start the rotation");
    const abort = page.getByRole("button", { name: "Abort … rotation to version 3" });
    await abort.waitFor();
    match((await page.getByRole("status").textContent()) ?? "", /rotation to version 3/);
    deepEqual(await serious(page), []);
    await abort.click();
    await answer("Abort the rotation");
    await page.getByRole("main").getByText("rotation to version 3 was aborted").waitFor();
    equal(await focused(page), "Keys");
    await page.getByRole("button", { name: "Pause", exact: true }).click();
    await site.ask("POST", "/admin/kms/rotate/start", { target_version: 3 });
    await page.getByRole("button", { name: "Start …" }).click();
    await answer("Start the rotation");
    await page.getByRole("dialog").getByText("cannot start from phase").waitFor();
    await answer("Close");
    await page.getByRole("button", { name: "Commit …" }).click();
    await answer("Commit the rotation");
    const active = page.getByRole("table", { name: "Versions of keys" }).getByRole("row");
    await active.filter({ hasText: /^3.*Active/ }).waitFor();
    const said = page.getByRole("status").getByText("rotation to version 3 was committed");
    await said.waitFor({ state: "attached" });
    await close(page);
  });

  it("filters the tail of the audit trail, and holds it still", async () => {
    const page = await signedIn();
    await show(page, "audit");
    await page.getByLabel("Operation").fill("DeleteObject");
    await page.getByRole("button", { name: "Filter" }).click();
    const rows = page.getByRole("table", { name: "Recorded events" }).locator("tbody tr");
    await rows.filter({ hasText: "GetObject" }).first().waitFor({ state: "detached" });
    ok((await rows.count()) > 0);
    for (const row of await rows.allTextContents()) match(row, /DeleteObject/);
    await page.getByLabel("Result").selectOption("failure");
    await page.getByRole("button", { name: "Filter" }).click();
    await page.getByText("No event fits these filters.").waitFor();
    await page.getByRole("button", { name: "Clear" }).click();
    await rows.first().waitFor();
    equal(await page.getByLabel("Operation").inputValue(), "");
    await page.getByRole("button", { name: "Hold still" }).click();
    equal(
      await page.getByRole("button", { name: "Hold still" }).getAttribute("aria-pressed"),
      "true",
    );
    await close(page);
  });

  it("has in the audit trail what operators did with it, and who came with a wrong token", async () => {
    const page = await signedIn();
    await show(page, "audit");
    const rows = page.getByRole("table", { name: "Recorded events" }).locator("tbody tr");
    for (const [type, row] of [
      ["auth.failure", /401 Unauthorized.*GET \/admin\/openapi\.json.*127\.0\.0\.1/],
      ["job.paused", /200 done.*POST \/admin\/jobs\/\{id\}\/pause/],
      ["admin.action", /409 RotationConflict.*POST \/admin\/kms\/rotate\/start/],
    ] as const) {
      await page.getByLabel("Operation").fill(type);
      await page.getByRole("button", { name: "Filter" }).click();
      await rows.filter({ hasText: row }).first().waitFor();
    }
    await close(page);
  });

  it("shows nothing that somebody announced who holds the broker and not the secret", async () => {
    const { services } = (await site.ask("GET", "/admin/services")) as { services: object[] };
    const process = { ...FORGED, startedAtMs: Date.now(), announcedAtMs: Date.now() };
    const event = { timestamp: new Date().toISOString(), ...FORGED_EVENT };
    const nats = await connect({ servers: site.natsUrl });
    const told = { events: [event], omitted: 0, announcedAtMs: Date.now(), mac: "" };
    nats.publish("s3eg.admin.process.alive", JSON.stringify(process));
    nats.publish("s3eg.admin.audit-events.recorded", JSON.stringify(told));
    await nats.drain();
    const page = await signedIn();
    await show(page, "services");
    equal(await page.locator("li.card").count(), services.length);
    await show(page, "audit");
    await page.getByRole("table", { name: "Recorded events" }).waitFor();
    ok(!(await page.content()).includes("forged"));
    match(site.adminLog(), /something was announced without proof/);
    await close(page);
  });

  it("tells in words that a process is gone, also to who can't see it", async () => {
    const page = await signedIn();
    await page.getByText("All is well.").waitFor();
    await site.killOneCrypto();
    await page
      .getByRole("listitem")
      .getByText(/^crypto on .* is silent/)
      .waitFor();
    match((await page.getByRole("status").textContent()) ?? "", /crypto on .* is silent/);
    deepEqual(await serious(page), []);
    await shoot(page, "problem-light");
    await close(page);
  });
});
