import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { setTimeout as sleep, setImmediate as turnOfTheLoop } from "node:timers/promises";
import { type Authentication, createAuthentication } from "./authentication.ts";
import { answerBlob } from "./blobs.ts";
import type { Exchange } from "./exchange.ts";
import { answerCatalog, answerReferrers, answerTags } from "./listings.ts";
import { answerManifest } from "./manifests.ts";
import { createPullThrough, type PullThrough } from "./pull-through.ts";
import { isReply, json, type Reply, refusal } from "./reply.ts";
import { createRequestLog, type OpenRecord, type RequestKind, type RequestRecord } from "./request-log.ts";
import { parseRoute, type Route } from "./route.ts";
import { openStore } from "./store.ts";
import { createUploads } from "./uploads.ts";

export interface RegistryOptions {
  /** Folder of the repositories, kept on close. Without it a temporary one, which is removed on close. */
  readonly root?: string;
  /** 0, the default, takes a free one. */
  readonly port?: number;
  /** Without it everybody may do everything. */
  readonly authentication?: Authentication;
  /** Answers every write with 405 UNSUPPORTED. */
  readonly readOnly?: boolean;
  /** Repositories that are copies of another registry's, filled as they are asked for. */
  readonly pullThrough?: readonly PullThrough[];
  /** How long every answer is held back, as a distant registry would. */
  readonly latencyMilliseconds?: number;
  /** Milliseconds since the epoch, for tokens and abandoned uploads. */
  readonly now?: () => number;
}

export interface RegistryServer {
  /** `http://127.0.0.1:PORT` */
  readonly origin: string;
  /** `127.0.0.1:PORT`, the first part of references. */
  readonly host: string;
  /** The folder with one OCI image layout for each repository. */
  readonly root: string;
  /** Every request since the start or the last `clearRequests`, in order of arrival. */
  readonly requests: readonly RequestRecord[];
  clearRequests(): void;
  /** Makes every token that was handed out worthless, as if its time had come. */
  expireTokens(): void;
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
  const root = options.root ?? (await mkdtemp(join(tmpdir(), "registry-")));
  const now = options.now ?? Date.now;
  const store = await openStore(root);
  const uploads = createUploads(store, now);
  const authentication = createAuthentication(options.authentication, now);
  const pullThrough = createPullThrough(options.pullThrough ?? [], store);
  const log = createRequestLog();

  async function answer(route: Route, exchange: Exchange, self: string): Promise<Reply> {
    if (route.kind === "token") return authentication.token(exchange);
    const denied = authentication.check(route, exchange, self);
    if (denied !== undefined) return denied;
    if (route.kind === "api-version") return json(200, {});
    if (route.kind === "catalog") return answerCatalog(exchange);
    const reads = exchange.method === "GET" || exchange.method === "HEAD";
    const copied = pullThrough.covers(route.repository);
    if (!reads && (options.readOnly === true || copied)) {
      return refusal(405, "UNSUPPORTED", "this repository is read-only");
    }
    if (copied) {
      const failed = await pullThrough.bring(route);
      if (failed !== undefined) return failed;
    }
    switch (route.kind) {
      case "blob":
        return answerBlob(exchange, route.repository, route.digest);
      case "upload-start":
        return uploads.start(exchange, route.repository);
      case "upload":
        return uploads.proceed(exchange, route.repository, route.session);
      case "manifest":
        return answerManifest(exchange, route.repository, route.reference);
      case "tags":
        return answerTags(exchange, route.repository);
      case "referrers":
        return answerReferrers(exchange, route.repository, route.digest);
    }
  }

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = "GET", url = "/" } = request;
    const [path = "/", search = ""] = splitOnce(url, "?");
    const query = new URLSearchParams(search);
    const route = parseRoute(method, path);
    const record = log.open({
      method,
      path: url,
      kind: kindOf(route, query),
      ...("repository" in route ? { repository: route.repository } : {}),
    });
    const body = counted(request, record);
    const self = `http://${request.headers.host ?? ""}`;
    let result: Reply;
    try {
      result = isReply(route)
        ? route
        : await answer(route, { method, query, headers: request.headers, body, store }, self);
      await drain(body);
    } catch (error) {
      if (request.destroyed && !request.complete) return; // the sender went away in the middle of its body
      result = refusal(500, "UNKNOWN", error instanceof Error ? error.message : String(error));
    }
    if (options.latencyMilliseconds !== undefined) await delay(options.latencyMilliseconds);
    await send(result, method, response, record);
  }

  /** Requests that arrived while this process was busy are let in first: they did not wait for this answer. */
  async function delay(milliseconds: number): Promise<void> {
    await sleep(milliseconds);
    for (let arrived = -1; arrived !== log.records.length; ) {
      arrived = log.records.length;
      await turnOfTheLoop();
    }
  }

  const server = createServer((request, response) => {
    serve(request, response).catch((error: unknown) => {
      response.destroy(error instanceof Error ? error : undefined);
    });
  });
  server.keepAliveTimeout = 60_000; // longer than any client's: a race for an idle connection is not what we test
  await new Promise<void>((listening, failed) => {
    server.once("error", failed);
    server.listen(options.port ?? 0, "127.0.0.1", listening);
  });
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    origin: `http://${host}`,
    host,
    root,
    requests: log.records,
    clearRequests: log.clear,
    expireTokens: authentication.expireTokens,
    async close() {
      const closed = new Promise((done) => server.close(done));
      server.closeAllConnections();
      await closed;
      await store.close();
      if (options.root === undefined) await rm(root, { recursive: true, force: true });
    },
  };
}

async function send(
  { status, headers, body }: Reply,
  method: string,
  response: ServerResponse,
  record: OpenRecord,
): Promise<void> {
  const length = body?.length ?? 0;
  const slice = body !== undefined && "file" in body ? body : undefined;
  const bodyless = method === "HEAD" || status === 204 || status === 304;
  record.answered(status, bodyless ? 0 : length);
  const framing = status === 204 || status === 304 ? {} : { "content-length": String(length) };
  response.writeHead(status, { ...headers, ...framing, "docker-distribution-api-version": "registry/2.0" });
  if (bodyless || length === 0 || body === undefined) {
    response.end();
    await slice?.file.close();
  } else if (slice !== undefined) {
    const { file, start, length } = slice;
    await pipeline(file.createReadStream({ start, end: start + length - 1 }), response);
  } else {
    response.end(body);
  }
}

/**
 * The body of a request; every byte that is read is counted. Reading may stop and begin again later, which would
 * destroy the connection if the request itself were iterated.
 */
function counted(request: IncomingMessage, record: OpenRecord): AsyncIterable<Uint8Array> {
  return {
    async *[Symbol.asyncIterator]() {
      for await (const chunk of request.iterator({ destroyOnReturn: false })) {
        const bytes: Uint8Array = chunk;
        record.received(bytes.length);
        yield bytes;
      }
    },
  };
}

/** What nobody wanted to read: clients get their answer only after they sent everything. */
async function drain(body: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const _ of body);
}

function kindOf(route: Route | Reply, query: URLSearchParams): RequestKind {
  if (isReply(route)) return "unknown";
  if (route.kind === "upload-start") return query.has("mount") ? "mount" : "upload";
  return route.kind;
}

function splitOnce(text: string, separator: string): readonly [string, string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + 1)];
}
