import type { IncomingMessage, ServerResponse } from "node:http";

/** A request as the service it was meant for would see it. */
export interface UpstreamRequest {
  /** The stood-in host; `mirror` where a client named the server itself (the `mirror` input). */
  readonly host: string;
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Uint8Array;
}

/** What a service answers, or how it fails to. */
export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | string;
  /** Ends the connection after so many bytes of the body, although Content-Length promised all of them. */
  readonly cutAfter?: number;
  /** Sends the headers and `cutAfter` bytes (0 by default), then nothing more. */
  readonly hangs?: true;
}

export function json(
  status: number,
  document: unknown,
  headers: Readonly<Record<string, string>> = {},
): Answer {
  return {
    status,
    headers: { "content-type": "application/json; charset=utf-8", ...headers },
    body: JSON.stringify(document),
  };
}

export function bytes(contentType: string, body: Uint8Array | string): Answer {
  return { status: 200, headers: { "content-type": contentType }, body };
}

export function redirect(location: string, status = 302): Answer {
  return { status, headers: { location } };
}

/** Writes an answer, and resolves when nothing more will be sent. */
export async function send(
  request: IncomingMessage,
  response: ServerResponse,
  answer: Answer,
): Promise<void> {
  const body = Buffer.from(answer.body ?? "");
  response.writeHead(answer.status, { ...answer.headers, "content-length": String(body.length) });
  if (request.method === "HEAD") {
    response.end();
    return;
  }
  if (answer.cutAfter === undefined && answer.hangs === undefined) {
    response.end(body);
    return;
  }
  response.flushHeaders();
  await new Promise<void>((resolve) =>
    response.write(body.subarray(0, answer.cutAfter ?? 0), () => resolve()),
  );
  if (answer.hangs === undefined) response.destroy();
}

export async function bodyOf(request: IncomingMessage): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks);
}
