import {
  type ExhaustedRetries,
  notesOf,
  readBounded,
  type TransientFailure,
  transientAnswer,
  transientError,
} from "@spin-publisher/http";
import { isObject } from "@spin-publisher/json";
import { formatReference, type Reference } from "../spec/reference.ts";
import { aboutCredentials, adviceFor, type Refused } from "./advice.ts";
import { credentialsSentWith } from "./sent-credentials.ts";

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
  /** Why the request may succeed later; undefined if the refusal is final. */
  readonly transient: TransientFailure | undefined;
  readonly #finding: string;
  readonly #refused: Refused;

  constructor(
    finding: string,
    refused: Refused,
    entries: readonly RegistryErrorEntry[],
    transient: TransientFailure | undefined,
    advice = adviceFor(refused),
  ) {
    super(`${finding} ${advice}`);
    this.status = refused.status;
    this.text = refused.text;
    this.entries = entries;
    this.transient = transient;
    this.#finding = finding;
    this.#refused = refused;
  }

  hasCode(...codes: readonly string[]): boolean {
    return this.entries.some(({ code }) => codes.includes(code));
  }

  /** The same refusal with advice of the caller, who knows what the request was about and which inputs matter. */
  advising(advice: string): RegistryRefusal {
    const known = aboutCredentials(this.#refused) + advice;
    return new RegistryRefusal(this.#finding, this.#refused, this.entries, this.transient, known);
  }

  /** The same refusal, which also says how long was waited in vain. */
  after(exhausted: ExhaustedRetries): RegistryRefusal {
    return new RegistryRefusal(this.#finding, { ...this.#refused, exhausted }, this.entries, this.transient);
  }
}

/** Why work that failed with this error may succeed later; undefined if it will not. */
export function transientFailure(error: unknown): TransientFailure | undefined {
  return error instanceof RegistryRefusal ? error.transient : transientError(error);
}

/** How many characters of a response are shown: it may be a page of HTML, or hostile and of any length. */
const longestQuote = 300;

/** How many are searched for them: markup that never ends takes time that grows with the square of its length. */
const longestSearch = 16 << 10;

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
  const { status } = response;
  const { answeredBy, exhausted } = notesOf(response);
  const redirect = status >= 300 && status < 400 ? response.headers.get("location") : null;
  const id = requestIdOf(response);
  const answer = [
    `${status}`,
    printable(first === undefined ? text : `${first.code} ${first.message}`),
    redirect === null ? "" : `redirects to ${printable(redirect).replace(/[?#].*/, "")}`,
    id === "" ? "" : `(request ${id})`,
    answeredBy === undefined ? "" : `from ${answeredBy}, where it redirects to`,
  ].filter((part) => part !== "");
  const refused: Refused = {
    registry: reference.registry,
    repository: reference.name,
    status,
    codes: entries.map(({ code }) => code),
    text,
    credentials: credentialsSentWith(response),
    exhausted,
  };
  return new RegistryRefusal(
    `${reference.registry} refused to ${verb} ${formatReference(reference)}: ${answer.join(" ")}.`,
    refused,
    entries,
    transientAnswer(response, text, Date.now()),
  );
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
    .slice(0, longestSearch)
    .replace(/<(script|style)[\s\S]*?<\/\1>/gi, " ")
    .replace(/<[^>]*>/g, " ")
    .replace(/[\s\x00-\x1f\x7f-\x9f]+/g, " ")
    .replace(/::/g, ":")
    .trim()
    .slice(0, longestQuote)
    .replace(/\.$/, "");
}
