/** The bus of a process that runs some of the roles: what it serves itself is asked in memory, the rest over the network. */
import type { Announcement, Question } from "../contracts/contract.ts";
import type { Announced, Answerer, AskOptions, Bus, Listener } from "./bus.ts";

/**
 * Joins two buses. Questions served here go to `local`, others to `remote`; serving and announcing go to both. `remote` must
 * not hear itself (`NatsBus.connect({ hearsItself: false })`), or this process would hear its own announcements twice.
 */
export class LocalFirstBus implements Bus {
  readonly #local: Bus;
  readonly #remote: Bus;
  readonly #servedHere = new Set<string>();

  constructor(local: Bus, remote: Bus) {
    this.#local = local;
    this.#remote = remote;
  }

  /** Of the remote bus: the local one cannot be cut off. */
  get isConnected(): boolean {
    return this.#remote.isConnected;
  }

  request<Input, Output>(
    question: Question<Input, Output>,
    input: Input,
    options: AskOptions,
  ): Promise<Output> {
    const bus = this.isLocal(question) ? this.#local : this.#remote;
    return bus.request(question, input, options);
  }

  serve<Input, Output>(question: Question<Input, Output>, answerer: Answerer<Input, Output>): void {
    this.#local.serve(question, answerer);
    this.#remote.serve(question, answerer);
    this.#servedHere.add(question.subject);
  }

  isLocal<Input, Output>(question: Question<Input, Output>): boolean {
    return this.#servedHere.has(question.subject);
  }

  /** Listeners of this process hear the fact even when the remote bus is `bus.unavailable`. */
  async publish<Fact>(
    announcement: Announcement<Fact>,
    fact: Fact,
    announced?: Announced,
  ): Promise<void> {
    await this.#local.publish(announcement, fact, announced);
    await this.#remote.publish(announcement, fact, announced);
  }

  subscribe<Fact>(announcement: Announcement<Fact>, listener: Listener<Fact>): void {
    this.#local.subscribe(announcement, listener);
    this.#remote.subscribe(announcement, listener);
  }

  /** The remote bus first: an answer being made for another process may have to ask a role of this one. */
  async drain(): Promise<void> {
    await this.#remote.drain();
    await this.#local.drain();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.drain();
  }
}
