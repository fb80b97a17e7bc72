import { isTransientStatus, readBounded } from "@spin-publisher/http";
import { formatReference, type Reference } from "./reference.ts";

/** One entry of a registry's error answer (distribution-spec §Error Codes). */
export interface RegistryErrorEntry {
  readonly code: string;
  readonly message: string;
  /** As text, whatever it was. */
  readonly detail: string;
}

/** A registry's answer that is not what was asked for; its message says the cause and the way out. */
export class RegistryRefusal extends Error {
  readonly status: number;
  readonly entries: readonly RegistryErrorEntry[];
  /** Everything the registry said, at most 64 KiB. */
  readonly text: string;

  constructor(message: string, status: number, entries: readonly RegistryErrorEntry[], text: string) {
    super(message);
    this.status = status;
    this.entries = entries;
    this.text = text;
  }

  get isTransient(): boolean {
    return isTransientStatus(this.status) || this.hasCode("TOOMANYREQUESTS", "UNAVAILABLE");
  }

  hasCode(...codes: readonly string[]): boolean {
    return this.entries.some(({ code }) => codes.includes(code));
  }
}

/**
 * The error for an answer that was not wanted.
 *
 * @param verb what it refused, so that "<registry> refused to <verb> <reference>" is a sentence.
 */
export async function refusal(
  response: Response,
  verb: string,
  reference: Reference,
): Promise<RegistryRefusal> {
  const text = new TextDecoder().decode(await readBounded(response, 64 << 10, "truncate"));
  const entries = errorEntries(text);
  const [first] = entries;
  const said = first === undefined ? plainText(text) : `${first.code} ${first.message}`.trim();
  const answer = `${response.status}${said === "" ? "" : ` ${said}`}`.slice(0, 300);
  const message = `${reference.registry} refused to ${verb} ${formatReference(reference)}: ${answer}.`;
  return new RegistryRefusal(message, response.status, entries, text);
}

/** The `errors` of an answer; none where the answer is not of that form, as proxies' pages are not. */
function errorEntries(text: string): readonly RegistryErrorEntry[] {
  let answer: unknown;
  try {
    answer = JSON.parse(text);
  } catch {
    return [];
  }
  const errors = property(answer, "errors");
  if (!Array.isArray(errors)) return [];
  return errors.map((entry: unknown) => ({
    code: asText(property(entry, "code")),
    message: asText(property(entry, "message")),
    detail: asText(property(entry, "detail")),
  }));
}

function property(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null
    ? Object.entries(value).find(([key]) => key === name)?.[1]
    : undefined;
}

function asText(value: unknown): string {
  if (value === undefined || value === null) return "";
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** A proxy's page in a few words: no markup, no line breaks. */
function plainText(text: string): string {
  return text
    .replace(/<(script|style)[\s\S]*?<\/\1>/gi, " ")
    .replace(/<[^>]*>/g, " ")
    .replace(/\s+/g, " ")
    .trim();
}
