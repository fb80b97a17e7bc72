import type { FileHandle } from "node:fs/promises";

/** An answer, before it is put on the wire. For HEAD only its head is sent, `content-length` included. */
export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  readonly body?: Uint8Array | FileSlice;
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

/** The error envelope of distribution-spec §Error Codes. */
export function refusal(
  status: number,
  code: string,
  message: string,
  more: { readonly detail?: unknown; readonly headers?: Record<string, string> } = {},
): Reply {
  const error = { code, message, ...(more.detail === undefined ? {} : { detail: more.detail }) };
  return json(status, { errors: [error] }, more.headers);
}

export function isReply(value: object): value is Reply {
  return "status" in value && "headers" in value;
}
