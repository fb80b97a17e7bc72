import { createHash, type Hash, randomUUID } from "node:crypto";
import { createReadStream } from "node:fs";
import { open, rm, writeFile } from "node:fs/promises";
import { type Digest, isDigest } from "@spin-publisher/oci";
import type { Exchange } from "./exchange.ts";
import { parseContentRange } from "./range.ts";
import { type Reply, refusal, reply } from "./reply.ts";
import { isRepositoryName, type Route } from "./route.ts";
import type { Store } from "./store.ts";

/** An upload session. */
interface Session {
  readonly id: string;
  readonly repository: string;
  readonly file: string;
  readonly startedAt: number;
  readonly sha256: Hash;
  size: number;
  /** What the address must carry now, where the persona demands that. */
  state: string;
  /** Requests of one session are answered one after the other. */
  turn: Promise<unknown>;
}

export interface Uploads {
  /** POST (distribution-spec end-4a, end-4b and end-11). */
  start(exchange: Exchange, repository: string): Promise<Reply>;
  /** GET, PATCH, PUT and DELETE of a session (end-13, end-5, end-6; cancelling is in the spec after 1.1.1). */
  proceed(exchange: Exchange, route: UploadRoute): Promise<Reply>;
}

type UploadRoute = Extract<Route, { kind: "upload" }>;

const sessionMilliseconds = 3_600_000;

/** @param now milliseconds since the epoch */
export function createUploads(store: Store, now: () => number): Uploads {
  const sessions = new Map<string, Session>();

  async function begin(repository: string): Promise<Session> {
    for (const session of sessions.values()) {
      if (now() - session.startedAt > sessionMilliseconds) await discard(session);
    }
    const id = randomUUID();
    const file = store.temporaryPath();
    await writeFile(file, "");
    const sha256 = createHash("sha256");
    const turn = Promise.resolve();
    const session = { id, repository, file, startedAt: now(), sha256, size: 0, state: "", turn };
    sessions.set(id, session);
    return session;
  }

  async function discard(session: Session): Promise<void> {
    sessions.delete(session.id);
    await rm(session.file, { force: true });
  }

  /** Verifies what arrived and makes it a blob. A wrong digest ends the session: its bytes are useless. */
  async function finish(session: Session, digest: Digest): Promise<Reply> {
    const found = digest.startsWith("sha256:")
      ? `sha256:${session.sha256.copy().digest("hex")}`
      : await sha512Of(session.file);
    if (found !== digest) {
      await discard(session);
      return refusal(400, "DIGEST_INVALID", `the content's digest is ${found}`, { detail: digest });
    }
    sessions.delete(session.id);
    await store.adopt(session.repository, digest, session.file);
    return created(session.repository, digest);
  }

  async function start(exchange: Exchange, repository: string): Promise<Reply> {
    const { method, query, body, persona } = exchange;
    if (method !== "POST") return refusal(405, "UNSUPPORTED", "an upload begins with a POST");
    const mounted = query.has("mount") ? await mountBlob(exchange, repository) : undefined;
    if (mounted !== undefined) return mounted;
    const digest = query.get("digest");
    if (digest === null || !persona.singlePost) return accepted(await begin(repository), exchange);
    if (!isDigest(digest)) return digestMalformed(digest);
    const session = await begin(repository);
    try {
      await append(session, body);
    } catch (error) {
      await discard(session);
      throw error;
    }
    return finish(session, digest);
  }

  async function proceed(exchange: Exchange, { repository, path, session: id }: UploadRoute): Promise<Reply> {
    const session = sessions.get(id);
    if (session === undefined || session.repository !== repository || path !== exchange.persona.uploadPath) {
      return refusal(404, "BLOB_UPLOAD_UNKNOWN", "there is no such upload");
    }
    const answer = session.turn.then(() =>
      sessions.has(id) ? advance(session, exchange) : refusal(404, "BLOB_UPLOAD_UNKNOWN", "it has ended"),
    );
    session.turn = answer.catch(() => {});
    return answer;
  }

  async function advance(session: Session, exchange: Exchange): Promise<Reply> {
    const { method, query, body, persona } = exchange;
    if (persona.uploadState && query.get("_state") !== session.state) {
      return refusal(404, "BLOB_UPLOAD_INVALID", "this is not the newest address of the upload");
    }
    switch (method) {
      case "GET":
        return reply(204, progress(session, exchange));
      case "DELETE":
        await discard(session);
        return reply(204);
      case "PATCH": {
        const refused = refusedChunk(session, exchange);
        if (refused !== undefined) return refused;
        await append(session, body);
        return accepted(session, exchange);
      }
      case "PUT": {
        const digest = query.get("digest");
        if (digest === null || !isDigest(digest)) return digestMalformed(digest);
        const refused = refusedChunk(session, exchange);
        if (refused !== undefined) return refused;
        await append(session, body);
        return finish(session, digest);
      }
      default:
        return refusal(405, "UNSUPPORTED", "an upload is continued, finished, looked at or cancelled");
    }
  }

  return { start, proceed };
}

/** Keeps what arrives even if the connection breaks off: the client may ask how far it got. */
async function append(session: Session, body: AsyncIterable<Uint8Array>): Promise<void> {
  const file = await open(session.file, "a");
  try {
    for await (const bytes of body) {
      await file.writeFile(bytes);
      session.sha256.update(bytes);
      session.size += bytes.length;
    }
  } finally {
    await file.close();
  }
}

/** The reply to a chunk that is not the next one, or too large (distribution-spec §Pushing a blob in chunks). */
function refusedChunk(session: Session, exchange: Exchange): Reply | undefined {
  const { headers, persona } = exchange;
  const chunk = parseContentRange(headers["content-range"]);
  if (chunk === undefined || !persona.checksContentRange) return undefined;
  const length = chunk === "malformed" ? 0 : chunk.end - chunk.start;
  if (persona.chunkBytes !== undefined && length > persona.chunkBytes) {
    const limit = `${(persona.chunkBytes / 2 ** 20).toFixed(2)}MiB`;
    return refusal(
      416,
      "REQUESTED_RANGE_NOT_SATISFIABLE",
      `the request body is too large and exceeds the maximum permissible limit of ${limit}`,
    );
  }
  const announced = headers["content-length"] ?? String(length);
  if (chunk !== "malformed" && chunk.start === session.size && announced === String(length)) return undefined;
  return refusal(
    416,
    "BLOB_UPLOAD_INVALID",
    `the upload has ${session.size} bytes, and the chunk does not follow`,
    {
      headers: progress(session, exchange),
    },
  );
}

/**
 * Without `from` any repository will do, if the registry looks for one (distribution-spec §Mounting a blob from
 * another repository).
 *
 * @returns undefined where an upload is to begin instead.
 */
async function mountBlob({ query, store, persona }: Exchange, to: string): Promise<Reply | undefined> {
  const digest = query.get("mount") ?? "";
  const from = query.get("from");
  if (!isDigest(digest) || (from !== null && !isRepositoryName(from))) return undefined;
  if (from !== null && persona.mountDemandsAccess && (await store.index(from)) === undefined) {
    return refusal(401, "UNAUTHORIZED", `unauthorized to access repository: ${from}, action: pull`);
  }
  const everywhere = persona.anonymousMount ? await store.repositories() : [];
  for (const source of from === null ? everywhere : [from]) {
    if (await store.share(source, to, digest)) return created(to, digest);
  }
  return undefined;
}

function created(repository: string, digest: Digest): Reply {
  return reply(201, { location: `/v2/${repository}/blobs/${digest}`, "docker-content-digest": digest });
}

function accepted(session: Session, exchange: Exchange): Reply {
  return reply(202, progress(session, exchange));
}

function progress(session: Session, { persona, self }: Exchange): Record<string, string> {
  const { id, repository, size } = session;
  const path = `/v2/${repository}/${persona.uploadPath}/${id}`;
  session.state = Buffer.from(`${randomUUID()} ${size} `).toString("base64"); // ends in "=", as Distribution's does
  return {
    location: persona.uploadState ? `${self}${path}?_state=${encodeURIComponent(session.state)}` : path,
    range: `0-${Math.max(0, size - 1)}`,
    "docker-upload-uuid": id,
  };
}

function digestMalformed(digest: string | null): Reply {
  return refusal(
    400,
    "DIGEST_INVALID",
    digest === null ? "a digest is missing" : `"${digest}" is not a digest`,
  );
}

async function sha512Of(file: string): Promise<string> {
  const hash = createHash("sha512");
  for await (const bytes of createReadStream(file)) hash.update(bytes);
  return `sha512:${hash.digest("hex")}`;
}
