/** How what is asked ends and how long it takes, for whoever counts it. */
import { codeOf } from "../faults.ts";

/** Does something and gives what it gives. `ended` is told once: `ok` or the code of the fault, and the seconds it took. */
export async function timed<Result>(
  doing: () => Promise<Result>,
  ended: (result: string, seconds: number) => void,
): Promise<Result> {
  const startedMs = performance.now();
  let result = "ok";
  try {
    return await doing();
  } catch (error) {
    result = codeOf(error);
    throw error;
  } finally {
    ended(result, (performance.now() - startedMs) / 1000);
  }
}
