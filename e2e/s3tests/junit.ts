/** The names in a pytest junit file, by outcome. */

/** Test ids as pytest writes them (`folder/file.py::name`). */
export interface Outcomes {
  readonly passed: string[];
  readonly failed: string[];
  readonly skipped: string[];
}

/** Reads pytest's own junit XML (attributes in the order in which it writes them). An id that errs counts as failed once. */
export function readJunit(xml: string): Outcomes {
  const outcomes = new Map<string, keyof Outcomes>();
  const testcase =
    /<testcase classname="([^"]*)" name="([^"]*)"[^>]*?(\/>|>([\s\S]*?)<\/testcase>)/g;
  for (const [, classname = "", name = "", , inner = ""] of xml.matchAll(testcase)) {
    const id = `${classname.replaceAll(".", "/")}.py::${name}`;
    if (/<(failure|error)\b/.test(inner)) outcomes.set(id, "failed");
    else if (outcomes.get(id) !== "failed") {
      outcomes.set(id, inner.includes("<skipped") ? "skipped" : "passed");
    }
  }
  const of = (wanted: keyof Outcomes): string[] =>
    [...outcomes].filter(([, outcome]) => outcome === wanted).map(([id]) => id);
  return { passed: of("passed"), failed: of("failed"), skipped: of("skipped") };
}
