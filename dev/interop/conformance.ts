import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { parse } from "yaml";
import { run } from "./commands.ts";
import type { Tool } from "./tool.ts";

/** The status of each endpoint and each form of content: Pass, FAIL, Skip, Disabled … */
export interface ConformanceReport {
  readonly endpoints: ReadonlyMap<string, string>;
  readonly content: ReadonlyMap<string, string>;
}

/** The four workflows of the distribution-spec, by the suite's names of their endpoints. */
export const workflows = {
  pull: /^(Ping|Blob (get|head).*|Manifest (get|head).*)$/,
  push: /^(Blob (push|post|chunked|streaming|mount|anonymous|upload).*|Manifest put.*)$/,
  "content discovery": /^(Tag listing|Referrers)$/,
  "content management": /^(Tag|Blob|Manifest) delete.*$/,
} as const;

/**
 * Runs the official conformance suite of the distribution-spec.
 *
 * @param settings `OCI_…` variables besides the registry's address.
 * @param folder for its report.
 */
export async function runConformance(
  tool: Tool,
  host: string,
  settings: Readonly<Record<string, string>>,
  folder: string,
): Promise<ConformanceReport> {
  await mkdir(folder, { recursive: true });
  const env = {
    OCI_REGISTRY: host,
    OCI_TLS: "disabled",
    OCI_REPO1: "conformance/one",
    OCI_REPO2: "conformance/two",
    OCI_RESULTS_DIR: folder,
    ...settings,
  };
  await run(tool.path, [], { cwd: folder, env, timeoutSeconds: 180, accept: [1] }); // 1: something does not conform
  return parseReport(await readFile(join(folder, "results.yaml"), "utf8"));
}

/** @throws Error when the text is not a report of the suite. */
export function parseReport(text: string): ConformanceReport {
  const { apis, data } = Object(parse(text));
  return { endpoints: statuses(apis), content: statuses(data) };
}

/**
 * @param optional endpoints that may be disabled.
 * @returns how many passed.
 * @throws Error naming what did not pass, or when nothing was tested.
 */
export function requirePassed(
  results: ReadonlyMap<string, string>,
  names: RegExp,
  optional: RegExp = /^$/,
): string {
  const chosen = [...results].filter(([name]) => names.test(name));
  const wrong = chosen.filter(
    ([name, status]) => status !== "Pass" && !(status === "Disabled" && optional.test(name)),
  );
  if (wrong.length > 0 || chosen.length === 0) {
    const list = wrong.map(([name, status]) => `${name}: ${status}`).join(", ");
    throw new Error(chosen.length === 0 ? "the suite did not test any of it" : list);
  }
  const off = chosen.filter(([, status]) => status === "Disabled").length;
  return `${chosen.length - off} passed${off === 0 ? "" : `, ${off} not in this version`}`;
}

function statuses(value: unknown): ReadonlyMap<string, string> {
  const entries = Object.entries(Object(value)).filter(([, status]) => typeof status === "string");
  if (entries.length === 0) throw new Error("The conformance suite did not write a readable report.");
  return new Map(entries.map(([name, status]) => [name, String(status)]));
}
