import { isTransientStatus, readBounded } from "@spin-publisher/http";
import { isObject } from "@spin-publisher/json";
import { formatReference, type Reference } from "../spec/reference.ts";
import { adviceFor } from "./advice.ts";

/** One entry of a registry's error response (distribution-spec §Error Codes). */
export interface RegistryErrorEntry {
  readonly code: string;
  readonly message: string;
  /** As text, whatever its type. */
  readonly detail: string;
}

/** A registry refused a request. The message gives the cause and what to do. */
export class RegistryRefusal extends Error {
  readonly status: number;
  readonly entries: readonly RegistryErrorEntry[];
  /** The response body, at most 64 KiB. */
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

/** How many characters of a response are shown: it may be a page of HTML, or hostile and of any length. */
const longestQuote = 300;

/**
 * The error for a response that refuses a request: what was requested, what the registry answered, and what to do.
 *
 * @param verb what was refused, so that "<registry> refused to <verb> <reference>" is a sentence.
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
  const advice = adviceFor({
    registry: reference.registry,
    repository: reference.name,
    status,
    codes: entries.map(({ code }) => code),
    text,
  });
  return new RegistryRefusal(`${message} ${advice}`, status, entries, text);
}

/** The `errors` of a response; none if it does not have that form (a proxy's page). */
function errorEntries(text: string): readonly RegistryErrorEntry[] {
  let answer: unknown;
  try {
    answer = JSON.parse(text);
  } catch {
    return [];
  }
  if (!isObject(answer) || !Array.isArray(answer.errors)) return [];
  return answer.errors.map((entry: unknown) => {
    const { code, message, detail } = isObject(entry) ? entry : {};
    return { code: asText(code), message: asText(message), detail: asText(detail) };
  });
}

function asText(value: unknown): string {
  if (value === undefined || value === null) return "";
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** The id by which the registry's operators can find the request. */
function requestIdOf({ headers }: Response): string {
  const id =
    headers.get("x-github-request-id") ?? headers.get("x-request-id") ?? headers.get("x-amzn-requestid");
  return id === null ? "" : printable(id).slice(0, 60);
}

/** On one line, without markup, terminal escapes and workflow commands. */
function printable(text: string): string {
  return text
    .replace(/<(script|style)[\s\S]*?<\/\1>/gi, " ")
    .replace(/<[^>]*>/g, " ")
    .replace(/[\s\x00-\x1f\x7f-\x9f]+/g, " ")
    .replace(/::/g, ":")
    .trim()
    .slice(0, longestQuote)
    .replace(/\.$/, "");
}
