/**
 * The body of a response, at most `limit` bytes; no more than that is ever held in memory.
 *
 * @param what names it in the error; `truncate` returns the first `limit` bytes instead of throwing.
 * @throws Error when it is longer.
 */
export async function readBounded(
  response: Response,
  limit: number,
  what: string,
): Promise<Uint8Array<ArrayBuffer>> {
  if (response.body === null) return new Uint8Array();
  const chunks: Uint8Array[] = [];
  let total = 0;
  // Leaving the loop early cancels the body, so that the rest is not received.
  for await (const chunk of response.body) {
    total += chunk.length;
    if (total > limit) {
      if (what !== "truncate")
        throw new Error(`${sentence(what)} is larger than ${limit} bytes and was not read.`);
      chunks.push(chunk.subarray(0, chunk.length - (total - limit)));
      break;
    }
    chunks.push(chunk);
  }
  return new Uint8Array(Buffer.concat(chunks));
}

/** Longer timers, in milliseconds, fire immediately. */
const longestTimer = 2 ** 31 - 1;

/** How many milliseconds a body of this size may take, sent or received: 100 kB/s, and at least a minute. */
export function patienceFor(bytes: number): number {
  return Math.min(longestTimer, Math.max(60_000, Math.ceil(bytes / 100)));
}

/** The JSON of a response of at most `limit` bytes. @throws Error when it is longer or not JSON. */
export async function readJson(response: Response, limit: number, what: string): Promise<unknown> {
  const text = new TextDecoder().decode(await readBounded(response, limit, what));
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Error(`${sentence(what)} ${notJson(response, text)}`, { cause: error });
  }
}

/** The end of a sentence about a response that should have been JSON: what it was instead, and what to check. */
export function notJson({ status, headers }: Response, text: string): string {
  const isPage =
    /^\s*<(?:!doctype|html|head|body)/i.test(text) || /html/.test(headers.get("content-type") ?? "");
  const found = isPage ? "a web page" : text.trim() === "" ? "empty" : "some other text";
  return `is not JSON but ${found} (status ${status}); check the host name, and whether a proxy answered instead.`;
}

function sentence(what: string): string {
  return what.charAt(0).toUpperCase() + what.slice(1);
}
