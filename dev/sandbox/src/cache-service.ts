import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { isObject } from "@spin-publisher/json";
import { listenOnLoopback } from "./loopback.ts";
import { bodyOf } from "./upstream/answer.ts";

/** What the token of a run may do; runs from triggers that GitHub trusts little can only read. */
export type CacheMode = "none" | "read" | "write" | "write-only";

export interface CacheServiceOptions {
  /** 0, the default, takes a free one. */
  readonly port?: number;
  readonly mode?: CacheMode;
  /** Whether the runner announces the mode (2.336 and newer), or the client finds out when it is refused. */
  readonly announcesMode?: boolean;
  /** What is wrong with the service. */
  readonly fault?: CacheFault;
}

export interface CacheFault {
  /** `silence` takes a request and never answers it. */
  readonly answer: "silence" | 500;
  /** Which requests, by method and path; all of them by default. */
  readonly to?: RegExp;
}

/** An entry that can be restored. A test that plays the poisoner may write to the map it is in. */
export interface StoredEntry {
  readonly key: string;
  /** A hash of the client's paths and compression: an entry is only found by a client that has the same. */
  readonly version: string;
  readonly bytes: Uint8Array;
}

export interface CacheService {
  /** What the runner adds to the environment of every action. */
  readonly env: Readonly<Record<string, string>>;
  /** By key and version, joined by a line break. */
  readonly entries: Map<string, StoredEntry>;
  /** Method and path of every request, in order. */
  readonly requests: readonly string[];
  close(): Promise<void>;
}

interface Upload {
  readonly key: string;
  readonly version: string;
  bytes: Uint8Array | undefined;
}

const twirp = "/twirp/github.actions.results.api.v1.CacheService/";

/**
 * The query parameter that is the only credential of the blob store. Azure's is called `sig`, which the client masks
 * and then prints in a debug line; to the sandbox's runner that is a leak.
 */
const credential = "signature";

/**
 * Starts the service behind `@actions/cache` (its version 2): Twirp over JSON, and a blob store for what is uploaded
 * in one request. An entry is final once it is written, and found by its exact key only.
 */
export async function startCacheService(options: CacheServiceOptions = {}): Promise<CacheService> {
  const mode = options.mode ?? "write";
  const token = `cache-${randomUUID()}`;
  const entries = new Map<string, StoredEntry>();
  const uploads = new Map<string, Upload>();
  const requests: string[] = [];

  const { origin, close } = await listenOnLoopback((request, response) => {
    respond(request, response).catch(() => response.destroy());
  }, options.port ?? 0);

  async function respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "/", origin);
    const body = await bodyOf(request);
    const asked = `${request.method} ${url.pathname}`;
    requests.push(asked);
    const { fault } = options;
    if (fault !== undefined && (fault.to ?? /^/).test(asked)) {
      if (fault.answer === 500) {
        const document = { code: "internal", msg: "internal server error" };
        response.writeHead(500, { "content-type": "application/json" }).end(JSON.stringify(document));
      }
      return;
    }
    if (url.pathname.startsWith(twirp)) {
      const [status, document] =
        request.headers.authorization === `Bearer ${token}`
          ? call(url.pathname.slice(twirp.length), fields(body))
          : [401, { code: "unauthenticated", msg: "invalid token" }];
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(document));
      return;
    }
    const id = url.searchParams.get(credential) ?? "";
    const upload = uploads.get(id);
    const entry = entries.get(Buffer.from(id, "base64url").toString());
    if (request.method === "PUT" && upload !== undefined && !url.searchParams.has("comp")) {
      upload.bytes = body;
      response.writeHead(201, { etag: '"1"', "last-modified": "Thu, 01 Jan 1970 00:00:00 GMT" }).end();
    } else if (request.method === "GET" && entry !== undefined) {
      response.writeHead(200, { "content-length": String(entry.bytes.length) }).end(entry.bytes);
    } else response.writeHead(404).end();
  }

  function call(method: string, message: Readonly<Record<string, string>>): readonly [number, object] {
    const { key = "", version = "" } = message;
    const place = `${key}\n${version}`;
    switch (method) {
      case "CreateCacheEntry": {
        if (mode === "none" || mode === "read") {
          return [200, { ok: false, message: "cache write denied: this run may only read the cache" }];
        }
        if (entries.has(place)) return [409, { code: "already_exists", msg: `cache entry ${key} exists` }];
        const id = randomUUID();
        uploads.set(id, { key, version, bytes: undefined });
        return [
          200,
          { ok: true, signed_upload_url: `${origin}/account/container/upload?${credential}=${id}` },
        ];
      }
      case "FinalizeCacheEntryUpload": {
        const upload = [...uploads.values()].find(
          (candidate) => candidate.key === key && candidate.version === version,
        );
        const bytes = upload?.bytes;
        if (bytes === undefined || bytes.length !== Number(message.size_bytes)) {
          return [200, { ok: false, message: "what was uploaded is of another size" }];
        }
        entries.set(place, { key, version, bytes });
        return [200, { ok: true, entry_id: String(entries.size) }];
      }
      case "GetCacheEntryDownloadURL": {
        if (mode === "none" || mode === "write-only") {
          return [
            403,
            { code: "permission_denied", msg: "cache read denied: this run may not read the cache" },
          ];
        }
        if (!entries.has(place)) return [200, { ok: false, signed_download_url: "", matched_key: "" }];
        const id = Buffer.from(place).toString("base64url");
        return [
          200,
          {
            ok: true,
            signed_download_url: `${origin}/account/container/download?${credential}=${id}`,
            matched_key: key,
          },
        ];
      }
      default:
        return [404, { code: "bad_route", msg: `no method ${method}` }];
    }
  }

  return {
    env: {
      ACTIONS_RESULTS_URL: `${origin}/`,
      ACTIONS_RUNTIME_TOKEN: token,
      ACTIONS_CACHE_SERVICE_V2: "True",
      ...(options.announcesMode === false ? {} : { ACTIONS_CACHE_MODE: mode }),
    },
    entries,
    requests,
    close,
  };
}

/** The fields of a Twirp message that are strings. */
function fields(body: Uint8Array): Readonly<Record<string, string>> {
  const message: unknown = JSON.parse(new TextDecoder().decode(body));
  if (!isObject(message)) return {};
  return Object.fromEntries(
    Object.entries(message).filter((entry): entry is [string, string] => typeof entry[1] === "string"),
  );
}
