/** Logins that were refused, gathered: however fast somebody guesses, an address makes an event a minute, and all addresses together a bounded number. */

const WINDOW_MS = 60_000;
/** Addresses that are told of each for itself in a window; what comes from more of them is told of together. */
const MAX_ADDRESSES = 100;
const OTHERS = "others";

/** A request without the token. Never the token that was tried. */
export interface RefusedLogin {
  readonly requestId: string;
  /** Method and path of the endpoint. */
  readonly operation: string;
  /** Absent where several addresses are meant. */
  readonly clientIp?: string;
  readonly status: number;
  /** Code of the error. */
  readonly error?: string;
}

/** A login, and how many others it stands for, itself included. */
export type GatheredLogin = RefusedLogin & { readonly count: number };

interface Window {
  /** Of those that were not told yet. */
  count: number;
  last: RefusedLogin;
  timer: NodeJS.Timeout;
}

/** Tells of the first one of an address at once, and of those that follow when the minute is over, as one. Disposing tells the rest. */
export class RefusedLogins implements Disposable {
  readonly #tell: (login: GatheredLogin) => void;
  readonly #windows = new Map<string, Window>();

  constructor(tell: (login: GatheredLogin) => void) {
    this.#tell = tell;
  }

  add(login: RefusedLogin): void {
    const { clientIp = OTHERS } = login;
    const hasRoom = this.#windows.has(clientIp) || this.#windows.size < MAX_ADDRESSES;
    const place = hasRoom ? clientIp : OTHERS;
    const window = this.#windows.get(place);
    if (window) {
      window.count += 1;
      window.last = login;
    } else {
      this.#tell({ ...login, count: 1 });
      this.#open(place, login);
    }
  }

  [Symbol.dispose](): void {
    for (const [place, window] of this.#windows) {
      clearTimeout(window.timer);
      this.#tellRest(place, window);
    }
    this.#windows.clear();
  }

  #open(place: string, last: RefusedLogin): void {
    const timer = setTimeout(() => this.#close(place), WINDOW_MS);
    timer.unref();
    this.#windows.set(place, { count: 0, last, timer });
  }

  /** An address that goes on has its next window at once; one that is silent is forgotten. */
  #close(place: string): void {
    const window = this.#windows.get(place);
    this.#windows.delete(place);
    if (!window || window.count === 0) return;
    this.#tellRest(place, window);
    this.#open(place, window.last);
  }

  #tellRest(place: string, { count, last }: Window): void {
    if (count === 0) return;
    const { clientIp: _, ...apart } = last;
    this.#tell({ ...(place === OTHERS ? apart : last), count });
  }
}
