/** What the console knows and does, apart from the page: signing in, looking again and again, and what buttons do. */
import { actions } from "./actions.js";
import { ApiError, openApi } from "./api.js";
import { frame, signIn } from "./frame.js";
import { offeredBy, routeOf } from "./routes.js";
import { rotationWords } from "./views/rotation.js";
import { problemsOf } from "./views/services.js";
import { viewOf } from "./views/view.js";

/** @typedef {import("./api.js").Api} Api @typedef {import("./routes.js").Route} Route */

/**
 * @typedef {object} World What the page does for it.
 * @property {import("./api.js").Fetch} fetch
 * @property {(elements: readonly import("./element.js").Element[]) => void} show
 * @property {(news: string) => void} say To who can't see that something changed.
 * @property {(question: import("./actions.js").Question) => Promise<boolean>} ask
 * @property {() => string} hash Of the address.
 * @property {() => number} now
 * @property {(run: () => void, ms: number) => () => void} after Gives what takes it back.
 */

/** @typedef {{ readonly values: Readonly<Record<string, unknown>>, readonly readAt: string }} Sight What was read for a view, by path. */

/** @typedef {{ filters: import("./views/audit.js").Filters, search: import("./views/configuration.js").Search, isHeld: boolean, pointedAt: number | undefined }} Wishes What somebody set on the page. */

/** Longest wait after an answer that says to come back later. */
const MAX_WAIT_MS = 60_000;

/** The console in a world. */
export class App {
  /** @type {World} */
  #world;
  /** @type {Api | undefined} */
  #api;
  /** @type {Map<string, Sight>} By the name of the view. */
  #sights = new Map();
  /** @type {string | undefined} */
  #problem;
  /** @type {Map<string, string>} How things stand, as it was told last, by what it is of. */
  #told = new Map();
  /** @type {() => void} */
  #takeBack = () => {};
  /** Of two looks under way, the later one counts. */
  #turn = 0;
  #isAsking = false;
  #isPaused = false;
  /** @type {Wishes} */
  #wishes = noWishes();

  /** @param {World} world */
  constructor(world) {
    this.#world = world;
  }

  /** True once somebody signed in. */
  get isOpen() {
    return this.#api !== undefined;
  }

  get wishes() {
    return this.#wishes;
  }

  /** Shows what is known. */
  render() {
    const { show, now } = this.#world;
    const api = this.#api;
    const route = this.#route();
    if (!api || !route) {
      show([signIn({ problem: this.#problem, isAsking: this.#isAsking })]);
      return;
    }
    const sight = this.#sights.get(route.name);
    const nowMs = now();
    show(
      frame({
        offered: offeredBy(api),
        route,
        version: api.version,
        readAt: sight?.readAt,
        problem: this.#problem,
        isPaused: this.#isPaused,
        nowMs,
        view: viewOf(route, sight?.values, { ...this.#wishes, nowMs, api }),
      }),
    );
  }

  /** Resolves with true where the token is accepted. @param {string} token */
  async signIn(token) {
    [this.#isAsking, this.#problem] = [true, undefined];
    this.render();
    try {
      this.#api = await openApi(token.trim(), this.#world.fetch);
    } catch (error) {
      this.#problem = refusalOf(error).message;
    }
    this.#isAsking = false;
    this.render();
    if (this.#api) await this.look();
    return this.isOpen;
  }

  /** Forgets the token and all that was read. @param {string} [why] */
  signOut(why) {
    this.#takeBack();
    this.#turn += 1;
    [this.#api, this.#problem] = [undefined, why];
    this.#told.clear();
    this.#sights.clear();
    [this.#wishes, this.#isPaused] = [noWishes(), false];
    this.render();
  }

  /** The address names another view. */
  async moved() {
    [this.#problem, this.#wishes] = [undefined, { ...this.#wishes, pointedAt: undefined }];
    this.render();
    await this.look();
  }

  /** Stops looking by itself, or goes on. */
  async pause() {
    this.#isPaused = !this.#isPaused;
    this.#world.say(this.#isPaused ? "Paused." : "Live again.");
    this.#takeBack();
    this.render();
    if (!this.#isPaused) await this.look();
  }

  /** Shows what was read in another way. @param {Partial<Wishes>} changes */
  wish(changes) {
    this.#wishes = { ...this.#wishes, ...changes };
    this.render();
  }

  /**
   * Does what a button says, once it was confirmed where that is needed, and looks what came of it.
   * @param {string} name
   * @param {Readonly<Record<string, string | undefined>>} about
   */
  async act(name, about) {
    const { ask, say } = this.#world;
    const action = actions[name]?.(about);
    if (!this.#api || !action) return;
    if (action.question && !(await ask(action.question))) return;
    try {
      await this.#api.call(action.method, action.path, action.call);
      say(action.done);
    } catch (error) {
      await ask({ title: "It was not done", text: refusalOf(error).message });
    }
    await this.look();
  }

  /** Looks at what the view shows, and again when it is time. Never rejects. */
  async look() {
    this.#takeBack();
    this.#turn += 1;
    const turn = this.#turn;
    const route = this.#route();
    if (!this.#api || !route) return;
    let waitMs = route.everyMs;
    try {
      const sight = await this.#read(route, this.#api);
      if (turn !== this.#turn) return;
      if (route.name !== "audit" || !this.#wishes.isHeld) this.#sights.set(route.name, sight);
      this.#problem = undefined;
      this.#tellNews(sight);
    } catch (error) {
      if (turn !== this.#turn) return;
      const refusal = refusalOf(error);
      if (refusal.status === 401) {
        this.signOut("The token is no longer accepted: sign in again.");
        return;
      }
      this.#problem = refusal.message;
      waitMs = Math.min(MAX_WAIT_MS, Math.max(waitMs, refusal.retryAfterMs));
    }
    this.render();
    if (!this.#isPaused) {
      this.#takeBack = this.#world.after(() => {
        this.look().catch(() => undefined);
      }, waitMs);
    }
  }

  #route() {
    return this.#api && routeOf(this.#world.hash(), offeredBy(this.#api));
  }

  /**
   * @param {Route} route
   * @param {Api} api
   * @returns {Promise<Sight>}
   */
  async #read({ name, needs }, api) {
    const query = name === "audit" ? { query: { ...this.#wishes.filters, limit: "200" } } : {};
    const values = await Promise.all(
      needs
        .filter((path) => api.has("GET", path))
        .map(async (path) => /** @type {const} */ ([path, await api.call("GET", path, query)])),
    );
    const readAt = new Date(this.#world.now()).toISOString();
    return { values: Object.fromEntries(values), readAt };
  }

  /** Who can't see that something changed is told, once. @param {Sight} sight */
  #tellNews({ values }) {
    const { "/admin/services": services, "/admin/kms/rotate/status": rotation } =
      /** @type {Partial<import("./views/view.js").Answers>} */ (values);
    if (services) this.#tell("services", problemsOf(services).join(" ") || "All is well again.");
    if (rotation) this.#tell("rotation", rotationWords(rotation));
  }

  /**
   * @param {string} what
   * @param {string} words
   */
  #tell(what, words) {
    const former = this.#told.get(what);
    if (former !== undefined && former !== words) this.#world.say(words);
    this.#told.set(what, words);
  }
}

/** @returns {Wishes} */
function noWishes() {
  const search = { text: "", isChangedOnly: false };
  return { filters: {}, search, isHeld: false, pointedAt: undefined };
}

/** @param {unknown} error */
function refusalOf(error) {
  if (error instanceof ApiError) return error;
  return new ApiError(0, "The console could not make sense of the answer.", { cause: error });
}
