import { noted, notesOf } from "./response-notes.ts";

/** A response of the same status with another body or other headers (names and values). */
export async function rebuilt(
  response: Response,
  parts: {
    readonly body?: Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array> | null;
    readonly headers?: Iterable<readonly [string, string]>;
  },
): Promise<Response> {
  // undici's own class: the platform's is a second copy of undici, which takes longer to load than most requests.
  const { Response: Rebuilt } = await import("./undici.ts");
  const { status, statusText } = response;
  const headers = [...(parts.headers ?? response.headers)].map(([name, value]): [string, string] => [
    name,
    value,
  ]);
  const body = parts.body === undefined ? response.body : parts.body;
  const init = { status, statusText, headers };
  const rebuilt = new Rebuilt(mayHaveBody(status) ? body : null, init) as unknown as Response;
  return noted(rebuilt, notesOf(response));
}

/** fetch §2.2.3: a response of these statuses cannot be constructed with a body. */
export function mayHaveBody(status: number): boolean {
  return ![101, 103, 204, 205, 304].includes(status);
}

/** Headers as lower-case names and values, in whichever form they were given. */
export function headerEntries(headers: RequestInit["headers"]): readonly (readonly [string, string])[] {
  const entries =
    headers === undefined
      ? []
      : Symbol.iterator in headers
        ? [...(headers as Iterable<readonly [string, string]>)]
        : Object.entries(headers);
  return entries.map(([name, value]) => [name.toLowerCase(), String(value)]);
}
