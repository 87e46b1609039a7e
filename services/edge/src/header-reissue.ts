/** Asking `keys` to wrap an object's data key anew for another place. No data key appears in the answer. */
import type { Bus } from "@s3eg/shared/bus/bus.ts";
import { isWished, type KeyWish, type Place, reissueHeader } from "@s3eg/shared/contracts/keys.ts";
import { Fault } from "@s3eg/shared/faults.ts";
import { decodeHeader } from "@s3eg/shared/format/header.ts";
import { askGuarded } from "@s3eg/shared/trust/ask.ts";
import type { AskerSession } from "@s3eg/shared/trust/asker.ts";

/** A header, and what it is to become. */
export interface MovedHeader {
  readonly header: string;
  readonly from: Place;
  readonly to: Place;
  /** Whether it is to say that metadata are sealed; absent: what it says now. */
  readonly sealsMetadata?: boolean;
  /** The key that it is to be wrapped under; absent: the active one. */
  readonly keyWish?: KeyWish;
}

/** Re-issues headers; throws the faults of `keys`, `crypto.integrity` for a header that does not belong to `from`. */
export interface HeaderReissue {
  reissue(moving: MovedHeader, requestId: string): Promise<string>;
}

/** Header re-issue asked over the bus; `session` proves who asks where keys is another process. */
export function headerReissueOf(bus: Bus, session: AskerSession | undefined): HeaderReissue {
  return {
    async reissue(input, requestId) {
      const { header } = await askGuarded(bus, session, {
        question: reissueHeader,
        input,
        requestId,
      });
      if (isWished(decodeHeader(header), input.keyWish)) return header;
      throw new Fault("crypto.integrity", "re-issued header is not under the wished key");
    },
  };
}
