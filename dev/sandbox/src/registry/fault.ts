import type { Reply } from "./reply.ts";
import type { RequestRecord } from "./request-log.ts";

/** Something that goes wrong with one request. */
export type Fault =
  /** Another answer; the request is not carried out. */
  | { readonly kind: "answer"; readonly reply: Reply }
  /** The connection breaks: at once, after the body, after the work is done, or in the middle of the answer. */
  | { readonly kind: "reset"; readonly when: "on-arrival" | "before-effect" | "after-effect" | "in-answer" }
  /** The request is never answered, and not carried out. */
  | { readonly kind: "silence" }
  /** The body of the answer arrives in pieces, with pauses. */
  | { readonly kind: "slow-answer"; readonly pieces: number; readonly pauseMilliseconds: number }
  /** Every token issued so far is invalid from this request on. */
  | { readonly kind: "tokens-expire" }
  /** `Docker-Content-Digest` names another digest than the content has. */
  | { readonly kind: "wrong-digest-header" }
  /** One byte of the answer's content is changed. */
  | { readonly kind: "corrupt-content" }
  /** Existing content is not found, as in a read right after a write. */
  | { readonly kind: "not-yet-visible" }
  /** The first blob that a pushed manifest refers to is missing. */
  | { readonly kind: "lost-blob" };

/** Decides what goes wrong with a request that has just arrived. */
export type FaultPlan = (request: RequestRecord) => Fault | undefined;

/**
 * The publisher is killed with its n-th request (from 1, counted since the last `clearRequests`): it and
 * every later request meet a broken connection.
 *
 * @param lastTakesEffect whether the n-th request is carried out and only its answer is lost.
 */
export function stopAfter(n: number, lastTakesEffect = false): FaultPlan {
  return ({ order }) => {
    if (order < n) return undefined;
    return { kind: "reset", when: order === n && lastTakesEffect ? "after-effect" : "on-arrival" };
  };
}

/** `fault` for the first `times` requests that `matches` selects. */
export function faultOn(matches: (request: RequestRecord) => boolean, fault: Fault, times = 1): FaultPlan {
  let left = times;
  return (request) => {
    if (left === 0 || !matches(request)) return undefined;
    left -= 1;
    return fault;
  };
}
