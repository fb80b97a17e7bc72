import type { FileHandle } from "node:fs/promises";

/** An answer before it is sent. For HEAD, only its headers are sent, `content-length` included. */
export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  readonly body?: Uint8Array | FileSlice;
  /** What is wrong, in place of a body: it becomes the error envelope of the distribution-spec. */
  readonly errors?: readonly RegistryError[];
}

/** distribution-spec §Error Codes. */
export interface RegistryError {
  readonly code: string;
  readonly message: string;
  readonly detail?: unknown;
}

/** Part of an open file, from `start` for `length` bytes. Whoever sends it closes it. */
export interface FileSlice {
  readonly file: FileHandle;
  readonly start: number;
  readonly length: number;
}

export function reply(
  status: number,
  headers: Record<string, string | readonly string[] | undefined> = {},
  body?: Uint8Array | FileSlice,
): Reply {
  const present: Record<string, string | readonly string[]> = {};
  for (const [name, value] of Object.entries(headers)) if (value !== undefined) present[name] = value;
  return { status, headers: present, ...(body === undefined ? {} : { body }) };
}

export function json(status: number, document: unknown, headers: Record<string, string> = {}): Reply {
  return reply(
    status,
    { "content-type": "application/json", ...headers },
    Buffer.from(JSON.stringify(document)),
  );
}

export function refusal(
  status: number,
  code: string,
  message: string,
  more: { readonly detail?: unknown; readonly headers?: Record<string, string> } = {},
): Reply {
  const error = { code, message, ...(more.detail === undefined ? {} : { detail: more.detail }) };
  return { status, headers: more.headers ?? {}, errors: [error] };
}

export function noSuchEndpoint(): Reply {
  return reply(404, { "content-type": "text/plain; charset=utf-8" }, Buffer.from("404 page not found\n"));
}

/** The reply as it is sent, with its errors as a body. */
export function written({ errors, ...reply }: Reply): Reply {
  if (errors === undefined) return reply;
  const { headers, body } = json(reply.status, { errors }, {});
  return { ...reply, headers: { ...headers, ...reply.headers }, ...(body === undefined ? {} : { body }) };
}

export function isReply(value: object): value is Reply {
  return "status" in value && "headers" in value;
}
