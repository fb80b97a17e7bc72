import { isObject, stringsOf } from "@spin-publisher/json";

/** What one publishing action did: its output `report`. */
export interface Report {
  readonly kind: "content" | "shim" | "chart";
  /** `host/repository:tag@sha256:…` */
  readonly reference: string;
  readonly tag: string;
  readonly digest: string;
  readonly changed: boolean;
  readonly dryRun: boolean;
  readonly wouldBeRefused: boolean;
  readonly uploadedBytes: number;
  /** How it differs from what the tag, or else the version before, holds. */
  readonly differences: readonly string[];
  /** The package's page at the registry; empty where it has none. */
  readonly page: string;
  /** Commands that install, run or verify it. */
  readonly commands: readonly string[];
}

/**
 * Reads reports, one JSON document per line; empty lines are those of steps that did not run.
 *
 * @throws Error for a line that is not a report: nothing is guessed about what was published.
 */
export function parseReports(text: string): readonly Report[] {
  return text
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map(parseReport);
}

function parseReport(line: string): Report {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (cause) {
    throw new Error(`Input "reports" must hold one JSON document per line, found "${line.slice(0, 80)}".`, {
      cause,
    });
  }
  if (isObject(value)) {
    const { kind, reference, tag, digest, page, uploadedBytes } = value;
    if (
      (kind === "content" || kind === "shim" || kind === "chart") &&
      typeof reference === "string" &&
      typeof tag === "string" &&
      typeof digest === "string"
    ) {
      return {
        ...{ kind, reference, tag, digest },
        changed: value.changed === true,
        dryRun: value.dryRun === true,
        wouldBeRefused: value.wouldBeRefused === true,
        uploadedBytes: typeof uploadedBytes === "number" ? uploadedBytes : 0,
        differences: stringsOf(value.differences) ?? [],
        page: typeof page === "string" ? page : "",
        commands: stringsOf(value.commands) ?? [],
      };
    }
  }
  throw new Error(
    `Input "reports" holds a document that no publishing action writes: "${line.slice(0, 80)}".`,
  );
}
