import { createHash } from "node:crypto";
import type { Fault, FaultPlan } from "./fault.ts";
import { type Reply, refusal, reply } from "./reply.ts";
import type { RequestRecord } from "./request-log.ts";

export interface SeededFaultOptions {
  /** The share of requests that meet a fault, from 0 to 1; 0.2 by default. */
  readonly rate?: number;
  /** How often the same request may fail; 2 by default, so that retries succeed. */
  readonly repeats?: number;
  /** Only these; all by default. */
  readonly kinds?: readonly FaultKind[];
}

export type FaultKind = keyof typeof faults;

const reads = ({ method }: RequestRecord) => method === "GET" || method === "HEAD";
const content = ({ kind }: RequestRecord) => kind === "blob" || kind === "manifest";
const anything = () => true;

/** Every fault by name, and the requests that can meet it. */
const faults = {
  "429 with seconds": [anything, () => answered(tooManyRequests({ "retry-after": "0" }))],
  "429 with a date": [anything, () => answered(tooManyRequests({ "retry-after": new Date().toUTCString() }))],
  "429 with a hint in its text": [anything, () => answered(ghcrTooManyRequests())],
  "429 without a hint": [anything, () => answered(tooManyRequests({}))],
  "500": [anything, () => answered(refusal(500, "UNKNOWN", "unknown error"))],
  "502 of a proxy": [anything, () => answered(page(502, "Bad Gateway"))],
  "503": [anything, () => answered(page(503, "Service Unavailable", { "retry-after": "0" }))],
  "504 of a proxy": [anything, () => answered(page(504, "Gateway Time-out"))],
  "reset on arrival": [anything, () => ({ kind: "reset", when: "on-arrival" })],
  "reset before the effect": [anything, () => ({ kind: "reset", when: "before-effect" })],
  "reset after the effect": [anything, () => ({ kind: "reset", when: "after-effect" })],
  "reset amid the answer": [reads, () => ({ kind: "reset", when: "in-answer" })],
  "slow answer": [reads, () => ({ kind: "slow-answer", pieces: 3, pauseMilliseconds: 2 })],
  "expired tokens": [anything, () => ({ kind: "tokens-expire" })],
  "wrong digest in the header": [content, () => ({ kind: "wrong-digest-header" })],
  "corrupt content": [
    (request) => request.method === "GET" && content(request),
    () => ({ kind: "corrupt-content" }),
  ],
  "not yet visible": [(request) => reads(request) && content(request), () => ({ kind: "not-yet-visible" })],
  "lost blob": [pushesManifest, () => ({ kind: "lost-blob" })],
  "unknown blob": [pushesManifest, () => answered(refusal(404, "BLOB_UNKNOWN", "unknown blob"))],
} as const satisfies Record<string, readonly [(request: RequestRecord) => boolean, () => Fault]>;

/**
 * Faults by chance, the same ones for the same seed whatever the order in which parallel requests arrive: each
 * request is judged by itself and by how often it was sent before.
 */
export function seededFaults(seed: number, options: SeededFaultOptions = {}): FaultPlan {
  const { rate = 0.2, repeats = 2, kinds } = options;
  const sent = new Map<string, number>();
  const met = new Map<string, number>();
  return (request) => {
    const name = nameOf(request);
    const attempt = sent.get(name) ?? 0;
    sent.set(name, attempt + 1);
    const [chance, choice] = fractions(`${seed} ${attempt} ${name}`);
    if (chance >= rate || (met.get(name) ?? 0) >= repeats) return undefined;
    const possible = Object.entries(faults)
      .filter(([kind]) => kinds === undefined || kinds.some((wanted) => wanted === kind))
      .filter(([, [applies]]) => applies(request));
    const [, fault] = possible[Math.floor(choice * possible.length)] ?? [];
    if (fault === undefined) return undefined;
    met.set(name, (met.get(name) ?? 0) + 1);
    return fault[1]();
  };
}

/** ghcr names the pause only in its text, as a Go duration (chainguard-images/images#173). */
export function ghcrTooManyRequests(): Reply {
  return refusal(429, "TOOMANYREQUESTS", "retry-after: 1.889377ms, allowed: 2000/minute");
}

function tooManyRequests(headers: Record<string, string>): Reply {
  return refusal(429, "TOOMANYREQUESTS", "too many requests", { headers });
}

/** What a proxy in front of a registry says. */
function page(status: number, title: string, headers: Record<string, string> = {}): Reply {
  const text = `<html><head><title>${status} ${title}</title></head><body>${title}</body></html>\n`;
  return reply(status, { "content-type": "text/html", ...headers }, Buffer.from(text));
}

function answered(reply: Reply): Fault {
  return { kind: "answer", reply };
}

function pushesManifest({ method, kind }: RequestRecord): boolean {
  return method === "PUT" && kind === "manifest";
}

/** What stays the same when a request is sent again: not the address of an upload. */
function nameOf({ method, kind, path, repository }: RequestRecord): string {
  const [, query = ""] = path.split("?");
  const stable = kind === "upload" ? (new URLSearchParams(query).get("digest") ?? "") : path;
  return `${method} ${kind} ${repository} ${stable}`;
}

/** Two numbers from 0 to below 1 that look random and depend on `text` alone. */
function fractions(text: string): readonly [number, number] {
  const hash = createHash("sha256").update(text).digest();
  return [hash.readUInt32BE(0) / 2 ** 32, hash.readUInt32BE(4) / 2 ** 32];
}
