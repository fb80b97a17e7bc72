import { pipeline } from "node:stream/promises";
import { setTimeout as sleep } from "node:timers/promises";
import type { IncomingRequest, OutgoingResponse } from "./listener.ts";
import type { FileSlice, Reply } from "./reply.ts";
import type { OpenRecord } from "./request-log.ts";

/** How the body of an answer leaves: at once, in pieces, or only half of it before the connection breaks. */
export type Manner =
  | { readonly kind: "whole" }
  | { readonly kind: "slow"; readonly pieces: number; readonly pauseMilliseconds: number }
  | { readonly kind: "broken"; readonly breakOff: () => void };

/**
 * The body of a request; every byte that is read is counted. Reading may stop and begin again later, which would
 * destroy the connection if the request itself were iterated.
 */
export function counted(request: IncomingRequest, record: OpenRecord): AsyncIterable<Uint8Array> {
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

/** Reads the rest of a request's body: clients read the answer only after they sent everything. */
export async function drain(body: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const _ of body);
}

export async function collect(body: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/**
 * Sends a reply and closes its file. The log is updated first: what a client sends next belongs to a later wave.
 *
 * @throws Error when the client has disconnected.
 */
export async function send(
  reply: Reply,
  method: string,
  response: OutgoingResponse,
  record: OpenRecord,
  manner: Manner,
): Promise<void> {
  const { status, headers, body } = reply;
  const length = body?.length ?? 0;
  const framed = status !== 204 && status !== 304;
  const bodyless = method === "HEAD" || !framed || length === 0 || body === undefined;
  record.answered(status, bodyless ? 0 : length);
  try {
    response.writeHead(status, {
      ...mutable(headers),
      ...(framed ? { "content-length": String(length) } : {}),
      "docker-distribution-api-version": "registry/2.0",
    });
    if (bodyless) {
      if (manner.kind === "broken") manner.breakOff();
      else response.end();
    } else if (manner.kind === "whole" && "file" in body) {
      const { file, start, length } = body;
      await pipeline(file.createReadStream({ start, end: start + length - 1 }), response);
    } else {
      await sendPieces(await bytesOf(body), response, manner);
    }
  } finally {
    await close(reply);
  }
}

/** The bytes of a body; an open file is closed. */
export async function bytesOf(body: Uint8Array | FileSlice): Promise<Uint8Array> {
  if (!("file" in body)) return body;
  const { file, start, length } = body;
  const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, start);
  await file.close();
  return buffer.subarray(0, bytesRead);
}

/** Closes the file of a reply that is not sent. */
export async function close({ body }: Reply): Promise<void> {
  if (body !== undefined && "file" in body) await body.file.close();
}

async function sendPieces(bytes: Uint8Array, response: OutgoingResponse, manner: Manner): Promise<void> {
  if (manner.kind === "whole") {
    response.end(bytes);
  } else if (manner.kind === "broken") {
    await new Promise<void>(
      (sent) => void response.write(bytes.subarray(0, bytes.length >> 1), () => sent()),
    );
    manner.breakOff();
  } else {
    const step = Math.ceil(bytes.length / manner.pieces);
    for (let start = 0; start < bytes.length; start += step) {
      response.write(bytes.subarray(start, start + step));
      await sleep(manner.pauseMilliseconds);
    }
    response.end();
  }
}

function mutable(headers: Reply["headers"]): Record<string, string | string[]> {
  const entries = Object.entries(headers);
  return Object.fromEntries(
    entries.map(([name, value]) => [name, typeof value === "string" ? value : [...value]]),
  );
}
