/** An answer of the same status with another body or other headers, a list of names and values. */
export async function rebuilt(
  response: Response,
  parts: {
    readonly body?: Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array> | null;
    readonly headers?: Iterable<readonly [string, string]>;
  },
): Promise<Response> {
  // undici's own class: the platform's is a second copy of undici, and takes longer to load than most requests.
  const { Response: Answer } = await import("./undici.ts");
  const { status, statusText } = response;
  const headers = [...(parts.headers ?? response.headers)].map(([name, value]): [string, string] => [
    name,
    value,
  ]);
  const body = parts.body === undefined ? response.body : parts.body;
  const init = { status, statusText, headers };
  return new Answer(mayHaveBody(status) ? body : null, init) as unknown as Response;
}

/** fetch §2.2.3: an answer of these statuses has no body, and cannot be made with one. */
function mayHaveBody(status: number): boolean {
  return ![101, 103, 204, 205, 304].includes(status);
}

/** Headers as names in lower case and values, however they were given. */
export function headerEntries(headers: RequestInit["headers"]): readonly (readonly [string, string])[] {
  const entries =
    headers === undefined
      ? []
      : Symbol.iterator in headers
        ? [...(headers as Iterable<readonly [string, string]>)]
        : Object.entries(headers);
  return entries.map(([name, value]) => [name.toLowerCase(), String(value)]);
}
