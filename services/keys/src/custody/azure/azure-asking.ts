/** How one version of a key of Azure is asked: first requests one after the other, and no answer taken in another key's name. */
import type { CryptographyClient } from "@azure/keyvault-keys";
import { Fault } from "@s3eg/shared/faults.ts";
import { azureFault } from "./azure-faults.ts";

/** What of the SDK is used. */
export type AzureClient = Pick<CryptographyClient, "wrapKey" | "unwrapKey" | "encrypt" | "decrypt">;

/** What each call of the SDK is given. */
export interface AzureCallOptions {
  readonly abortSignal: AbortSignal;
  readonly onResponse: (response: { readonly bodyAsText?: string | null | undefined }) => void;
}

/** Asks for one version of a key. */
export class AzureAsking {
  readonly #path: string;
  #isLetIn = false;
  #turn: Promise<unknown> = Promise.resolve();

  /** `azureVersion` as Azure writes it. */
  constructor({ name, azureVersion }: { name: string; azureVersion: string }) {
    this.#path = `/keys/${name}/${azureVersion}`.toLowerCase();
  }

  /** The answer to `call`, or the fault of azure-faults.ts; `keys.unavailable` for an answer that names another key. */
  async ask<Answer extends { readonly result: Uint8Array }>(
    call: (options: AzureCallOptions) => Promise<Answer>,
    signal: AbortSignal,
  ): Promise<Answer> {
    return await this.#inTurn(async () => {
      try {
        let body = "";
        const onResponse: AzureCallOptions["onResponse"] = ({ bodyAsText }) => {
          body = bodyAsText ?? "";
        };
        signal.throwIfAborted();
        const answer = await call({ abortSignal: signal, onResponse });
        this.#refuseOtherKey(answer, body);
        return answer;
      } catch (error) {
        throw azureFault(error);
      }
    });
  }

  /**
   * One at a time until one has worked. A client of the SDK keeps one state for its first login, and of several first requests at a time
   * sends some without their bodies, which Azure refuses as it refuses a wrapped key that is not genuine.
   */
  async #inTurn<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
    if (this.#isLetIn) return await ask();
    const turn = this.#turn.then(ask);
    this.#turn = turn.then(
      () => {
        this.#isLetIn = true;
      },
      () => undefined,
    );
    return await turn;
  }

  /** The SDK gives back the key identifier that it was given, so it is read where Azure wrote it; and it gives back no result as one. */
  #refuseOtherKey({ result }: { readonly result?: Uint8Array }, body: string): void {
    const kid = kidOf(body);
    if (result === undefined) {
      throw new Fault("keys.unavailable", "Azure Key Vault answered without a result");
    }
    if (URL.canParse(kid) && new URL(kid).pathname.toLowerCase() === this.#path) return;
    result.fill(0);
    throw new Fault("keys.unavailable", "Azure Key Vault answers in the name of another key");
  }
}

function kidOf(body: string): string {
  const answer: unknown = JSON.parse(body);
  const isNamed = typeof answer === "object" && answer !== null && "kid" in answer;
  return isNamed && typeof answer.kid === "string" ? answer.kid : "";
}
