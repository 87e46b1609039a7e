/** A bus whose asker and answerer are not in one process, for tests: what crosses is JSON, and whoever holds it may change it. */
import type { Answerer, AskOptions } from "../../src/bus/bus.ts";
import { MemoryBus } from "../../src/bus/memory-bus.ts";
import type { Question } from "../../src/contracts/contract.ts";
import { KeptLog } from "../runtime/kept-log.ts";

/** `onAnswer` sees every answer on its way back, and may put another in its place. */
export class RemoteBus extends MemoryBus {
  onAnswer: (answer: unknown) => unknown = (answer) => answer;

  constructor() {
    super({ log: new KeptLog() });
  }

  override isLocal(): boolean {
    return false;
  }

  override async request<Input, Output>(
    question: Question<Input, Output>,
    input: Input,
    options: AskOptions,
  ): Promise<Output> {
    const crossed = JSON.parse(JSON.stringify(input)) as Input;
    const answer = await super.request(question, crossed, options);
    return question.output.parse(this.onAnswer(JSON.parse(JSON.stringify(answer))));
  }

  override serve<Input, Output>(
    question: Question<Input, Output>,
    answerer: Answerer<Input, Output>,
  ): void {
    super.serve(question, (input, asked) => answerer(input, { ...asked, isLocal: false }));
  }
}
