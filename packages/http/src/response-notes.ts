import type { ExhaustedRetries, TransientFailure } from "./retry-policy.ts";

/** How a response came about, as far as the response itself does not say. */
export interface ResponseNotes {
  /** The origin that answered, if a redirect led away from the requested one. */
  readonly answeredBy?: string;
  /** Why the response may be different later. */
  readonly transient?: TransientFailure;
  /** The retries that preceded the response and did not help. */
  readonly exhausted?: ExhaustedRetries;
}

const notes = new WeakMap<Response, ResponseNotes>();

/** What was noted about a response. */
export function notesOf(response: Response): ResponseNotes {
  return notes.get(response) ?? {};
}

/** Adds notes to a response, and returns it. */
export function noted(response: Response, added: ResponseNotes): Response {
  notes.set(response, { ...notes.get(response), ...added });
  return response;
}
