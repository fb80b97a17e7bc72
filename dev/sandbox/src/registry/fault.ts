import type { Reply } from "./reply.ts";
import type { RequestRecord } from "./request-log.ts";

/** Something that goes wrong with one request. */
export type Fault =
  /** Another answer; what was asked for does not happen. */
  | { readonly kind: "answer"; readonly reply: Reply }
  /** The connection breaks: at once, when the body has come, when the work is done, or amid the answer. */
  | { readonly kind: "reset"; readonly when: "on-arrival" | "before-effect" | "after-effect" | "in-answer" }
  /** No answer ever comes; what was asked for does not happen. */
  | { readonly kind: "silence" }
  /** The body of the answer comes in pieces, with pauses. */
  | { readonly kind: "slow-answer"; readonly pieces: number; readonly pauseMilliseconds: number }
  /** Every token handed out so far is worthless from this request on. */
  | { readonly kind: "tokens-expire" }
  /** `Docker-Content-Digest` names another digest than the content has. */
  | { readonly kind: "wrong-digest-header" }
  /** One byte of the content of the answer is another. */
  | { readonly kind: "corrupt-content" }
  /** What is there is not found, as in a read right after a write. */
  | { readonly kind: "not-yet-visible" }
  /** The first blob that a pushed manifest refers to is gone. */
  | { readonly kind: "lost-blob" };

/** Decides for a request that has just arrived what goes wrong with it. */
export type FaultPlan = (request: RequestRecord) => Fault | undefined;

/**
 * The publisher is killed with its n-th request (from 1, counted since the last `clearRequests`): that one and
 * everything after it meets a broken connection.
 *
 * @param lastTakesEffect whether the n-th request is still carried out, and only its answer is lost.
 */
export function stopAfter(n: number, lastTakesEffect = false): FaultPlan {
  return ({ order }) => {
    if (order < n) return undefined;
    return { kind: "reset", when: order === n && lastTakesEffect ? "after-effect" : "on-arrival" };
  };
}

/** The first `times` requests that `matches` picks meet `fault`. */
export function faultOn(matches: (request: RequestRecord) => boolean, fault: Fault, times = 1): FaultPlan {
  let left = times;
  return (request) => {
    if (left === 0 || !matches(request)) return undefined;
    left -= 1;
    return fault;
  };
}
