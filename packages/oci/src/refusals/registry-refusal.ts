import { isTransientStatus, readBounded } from "@spin-publisher/http";
import { formatReference, type Reference } from "../spec/reference.ts";
import { wayOut } from "./advice.ts";

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

/** Of what a registry said no more than this is shown; it may be a page of HTML, or a hostile one of any length. */
const shown = 300;

/**
 * The error for an answer that was not wanted: what was asked, what the registry said, and what to do about it.
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
  const said = printable(first === undefined ? text : `${first.code} ${first.message}`);
  const { status } = response;
  const requestId = requestIdOf(response);
  const answer = `${status}${said === "" ? "" : ` ${said}`}${requestId === "" ? "" : ` (request ${requestId})`}`;
  const message = `${reference.registry} refused to ${verb} ${formatReference(reference)}: ${answer}.`;
  const advice = wayOut({
    registry: reference.registry,
    repository: reference.name,
    status,
    codes: entries.map(({ code }) => code),
    text,
  });
  return new RegistryRefusal(`${message} ${advice}`, status, entries, text);
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
  if (typeof value !== "object" || value === null) return undefined;
  return Object.entries(value).find(([key]) => key === name)?.[1];
}

function asText(value: unknown): string {
  if (value === undefined || value === null) return "";
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** What identifies the request to the registry's operators. */
function requestIdOf({ headers }: Response): string {
  const id =
    headers.get("x-github-request-id") ?? headers.get("x-request-id") ?? headers.get("x-amzn-requestid");
  return id === null ? "" : printable(id).slice(0, 60);
}

/** In one line, without markup and without what a terminal or the runner's log would take for a command. */
function printable(text: string): string {
  return text
    .replace(/<(script|style)[\s\S]*?<\/\1>/gi, " ")
    .replace(/<[^>]*>/g, " ")
    .replace(/[\s\x00-\x1f\x7f-\x9f]+/g, " ")
    .replace(/::/g, ":")
    .trim()
    .slice(0, shown)
    .replace(/\.$/, "");
}
