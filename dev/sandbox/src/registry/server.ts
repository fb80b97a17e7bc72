import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep, setImmediate as turnOfTheLoop } from "node:timers/promises";
import { messageOf } from "@spin-publisher/errors";
import { answer, type Registry } from "./answer.ts";
import { type Authentication, createAuthentication } from "./authentication.ts";
import type { Exchange } from "./exchange.ts";
import { type Fault, type FaultPlan, stopAfter } from "./fault.ts";
import { faultyAnswer } from "./faulty-answer.ts";
import type { RepositoryIndex } from "./layout-index.ts";
import { type IncomingRequest, listen, type OutgoingResponse, type Protocol } from "./listener.ts";
import { inTheWordsOf, type Persona, specification } from "./persona.ts";
import { createPullThrough, type PullThrough } from "./pull-through.ts";
import { isReply, type Reply, refusal, reply, written } from "./reply.ts";
import { createRequestLog, type RequestKind, type RequestRecord } from "./request-log.ts";
import { parseRoute, type Route } from "./route.ts";
import { openStore } from "./store.ts";
import { createUploads } from "./uploads.ts";
import { close, counted, drain, type Manner, send } from "./wire.ts";

export interface RegistryOptions {
  /** Folder of the repositories, kept on close. Without it a temporary one, which is removed on close. */
  readonly root?: string;
  /** 0, the default, takes a free one. */
  readonly port?: number;
  /** Plain HTTP by default; `https` and `h2` (HTTP/2 beside HTTP/1.1) with a certificate made for the occasion. */
  readonly protocol?: Protocol;
  /** Which registry it behaves like; by default like the specification. */
  readonly persona?: Persona;
  /** Without it, anyone may read and write. */
  readonly authentication?: Authentication;
  /** Answers every write with 405 UNSUPPORTED. */
  readonly readOnly?: boolean;
  /** Repositories that are copies of another registry's, filled as they are asked for. */
  readonly pullThrough?: readonly PullThrough[];
  /** How long every answer is delayed, as by a distant registry. */
  readonly latencyMilliseconds?: number;
  /** What goes wrong. */
  readonly faults?: FaultPlan;
  /** The number of the first request that meets a broken connection, as all after it do. */
  readonly stopAfter?: number;
  /** Milliseconds since the epoch, for tokens and abandoned uploads. */
  readonly now?: () => number;
  /** The HTML page at `/`, which is outside of the registry's API. Without it, there is none. */
  readonly frontPage?: () => Promise<string>;
}

export interface RegistryServer {
  /** `http://127.0.0.1:PORT`, or with https. */
  readonly origin: string;
  /** `127.0.0.1:PORT`, the first part of references. */
  readonly host: string;
  /** The folder with one OCI image layout for each repository. */
  readonly root: string;
  /** The certificate to trust, PEM; undefined where it speaks plain HTTP. */
  readonly certificate: string | undefined;
  /** Every request since the start or the last `clearRequests`, in order of arrival. */
  readonly requests: readonly RequestRecord[];
  clearRequests(): void;
  /** Replaces the fault plan; undefined for none. */
  setFaults(faults: FaultPlan | undefined): void;
  /** Invalidates every issued token, as if it had expired. */
  expireTokens(): void;
  /** What a repository holds, without a request; undefined where nothing was ever pushed. */
  inspect(repository: string): Promise<RepositoryIndex | undefined>;
  /** Breaks off what is under way. */
  close(): Promise<void>;
}

/**
 * Starts an OCI registry (distribution-spec 1.1.1, and of the drafts after it: cancelled uploads, tags of a push
 * by digest, conditional tag writes) on the loopback interface.
 *
 * @throws Error when the port is taken or `root` cannot be written.
 */
export async function startRegistry(options: RegistryOptions = {}): Promise<RegistryServer> {
  const { persona = specification, protocol = "http", now = Date.now } = options;
  const root = options.root ?? (await mkdtemp(join(tmpdir(), "registry-")));
  const store = await openStore(root);
  const log = createRequestLog();
  const closing = new AbortController();
  const underWay = new Set<Promise<void>>();
  const registry: Registry = {
    gate: createAuthentication(options.authentication, persona, now),
    uploads: createUploads(store, now),
    pullThrough: createPullThrough(options.pullThrough ?? [], store, closing.signal),
    readOnly: options.readOnly ?? false,
  };
  let faults = options.faults ?? (options.stopAfter === undefined ? undefined : stopAfter(options.stopAfter));

  async function serve(request: IncomingRequest, response: OutgoingResponse): Promise<void> {
    const { method = "GET", url = "/" } = request;
    const [path = "/"] = url.split("?", 1);
    const query = new URLSearchParams(url.slice(path.length));
    const route = parseRoute(method, path);
    const record = log.open({
      method,
      path: url,
      kind: kindOf(route, query),
      ...("repository" in route ? { repository: route.repository } : {}),
    });
    const fault = faults?.(record.record);
    const breakOff = () => {
      record.answered(0, 0);
      listener.breakConnection(request);
    };
    if (fault?.kind === "reset" && fault.when === "on-arrival") return breakOff();
    const body = counted(request, record);
    const { headers } = request;
    const self = `${protocol === "http" ? "http" : "https"}://${headers.host ?? headers[":authority"] ?? host}`;
    const exchange: Exchange = { method, path, query, headers, body, self, store, persona };
    let result: Reply | "silence" | "reset";
    try {
      result = await resultOf(route, exchange, fault);
    } catch (error) {
      if (request.destroyed && !request.complete) return; // the sender went away in the middle of its body
      result = refusal(500, "UNKNOWN", messageOf(error));
    }
    try {
      await drain(body);
    } catch {
      if (typeof result === "object") await close(result);
      return;
    }
    if (options.latencyMilliseconds !== undefined) await delay(options.latencyMilliseconds);
    if (result === "silence") return;
    if (result === "reset") return breakOff();
    const spoken = fault?.kind === "answer" ? result : inTheWordsOf(persona, result);
    await send(written(spoken), method, response, record, mannerOf(fault, breakOff));
  }

  function resultOf(route: Route | Reply, exchange: Exchange, fault: Fault | undefined) {
    const proceed = (route: Route, exchange: Exchange) => answer(registry, route, exchange);
    if (isReply(route)) return frontPageOr(route, exchange);
    if (fault === undefined) return proceed(route, exchange);
    return faultyAnswer(fault, route, exchange, proceed, registry.gate.expireTokens);
  }

  async function frontPageOr(otherwise: Reply, { path, method }: Exchange): Promise<Reply> {
    if (options.frontPage === undefined || path !== "/" || !["GET", "HEAD"].includes(method))
      return otherwise;
    return reply(200, pageHeaders, Buffer.from(await options.frontPage()));
  }

  /** Requests that arrived while this process was busy are let in first: they did not wait for this answer. */
  async function delay(milliseconds: number): Promise<void> {
    await sleep(milliseconds);
    for (let arrived = -1; arrived !== log.records.length; ) {
      arrived = log.records.length;
      await turnOfTheLoop();
    }
  }

  const listener = await listen(protocol, options.port ?? 0, (request, response) => {
    const served = serve(request, response).catch(() => listener.breakConnection(request));
    underWay.add(served);
    void served.then(() => underWay.delete(served));
  });
  const host = `127.0.0.1:${listener.port}`;
  return {
    origin: `${protocol === "http" ? "http" : "https"}://${host}`,
    host,
    root,
    certificate: listener.certificate,
    requests: log.records,
    clearRequests: log.clear,
    setFaults(plan) {
      faults = plan;
    },
    expireTokens: registry.gate.expireTokens,
    inspect: store.index,
    async close() {
      closing.abort(new Error("The registry was closed."));
      await listener.close();
      await Promise.all(underWay); // or they would write into folders that are being removed
      await store.close();
      if (options.root === undefined) await rm(root, { recursive: true, force: true });
    },
  };
}

/** A page of text and styles: it runs no scripts and loads nothing, whatever names and annotations contain. */
const pageHeaders = {
  "content-type": "text/html; charset=utf-8",
  "content-security-policy":
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'",
  "x-content-type-options": "nosniff",
  "cache-control": "no-store",
};

function mannerOf(fault: Fault | undefined, breakOff: () => void): Manner {
  if (fault?.kind === "slow-answer") return { ...fault, kind: "slow" };
  if (fault?.kind === "reset") return { kind: "broken", breakOff };
  return { kind: "whole" };
}

function kindOf(route: Route | Reply, query: URLSearchParams): RequestKind {
  if (isReply(route)) return "unknown";
  if (route.kind === "upload-start") return query.has("mount") ? "mount" : "upload";
  return route.kind;
}
