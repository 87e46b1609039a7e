/** Whether a header names the key version that wraps new data keys of a bucket: keys is asked at most once a second, not for every object. */
import type { Place } from "@s3eg/shared/contracts/keys.ts";
import { decodeHeader } from "@s3eg/shared/format/header.ts";
import type { HeaderReissue, MovedHeader } from "../header-reissue.ts";

const BELIEVED_MS = 1000;

/** Knows the version that writes, as the last re-issued header showed it. */
export class CurrentKey {
  readonly #headers: HeaderReissue;
  readonly #now: () => number;
  readonly #wish: Pick<MovedHeader, "keyWish">;
  #named: { readonly name: string; readonly atMs: number } | undefined;

  /** `wish` is that of the bucket's policy; `now` a clock in milliseconds. */
  constructor(headers: HeaderReissue, wish: Pick<MovedHeader, "keyWish">, now: () => number) {
    this.#headers = headers;
    this.#wish = wish;
    this.#now = now;
  }

  /** Of the version that writes, as it was seen last; undefined before. */
  get name(): string | undefined {
    return this.#named?.name;
  }

  /** True if the header at `place` needs no new envelope. Throws the faults of keys. */
  async wraps(header: string, place: Place, requestId: string): Promise<boolean> {
    const name = nameOf(header);
    if (!this.#named || this.#now() - this.#named.atMs > BELIEVED_MS) {
      const moving = { header, from: place, to: place, ...this.#wish };
      const reissued = await this.#headers.reissue(moving, requestId);
      this.#named = { name: nameOf(reissued), atMs: this.#now() };
    }
    return this.#named.name === name;
  }
}

/** Of the key version in a header, as one text; of Transit the one in its ciphertext. */
export function nameOf(header: string): string {
  const { provider, keyId, keyVersion, wrappedKey } = decodeHeader(header);
  return `${provider} ${transitVersion(provider, wrappedKey) ?? keyVersion} ${keyId}`;
}

/** Transit keeps its versions in what it returns (format.md §5): `vault:v2:…`. */
function transitVersion(provider: string, wrappedKey: Uint8Array): string | undefined {
  if (provider !== "transit") return undefined;
  return /^vault:(v\d+):/.exec(Buffer.from(wrappedKey).toString("latin1"))?.[1];
}
