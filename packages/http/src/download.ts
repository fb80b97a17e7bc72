import { createHash } from "node:crypto";
import { open, rename, rm } from "node:fs/promises";
import { patienceFor } from "./body.ts";
import { place } from "./redirects.ts";
import { type RetryObserver, type RetryOptions, repeat, retryPolicy } from "./retry-policy.ts";
import type { Fetch } from "./retrying-fetch.ts";
import { transientError } from "./transient-failure.ts";

export interface DownloadOptions {
  readonly fetch: Fetch;
  /** More bytes than this are not read. */
  readonly limit: number;
  /** The expected sha256 of the content, `sha256:` and hex. */
  readonly digest?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly onRetry?: RetryObserver;
  readonly retry?: RetryOptions;
}

export interface Downloaded {
  /** In bytes. */
  readonly size: number;
  /** `sha256:` and hex, whether or not one was expected. */
  readonly digest: string;
}

/** The body ended early or does not match the digest; another attempt may succeed. */
class BrokenDownload extends Error {}

/** The server answered, but not with the content. */
export class DownloadRefused extends Error {
  readonly status: number;

  constructor(url: URL, status: number) {
    super(
      status === 404
        ? `${place(url)} does not exist (404). Correct the URL.`
        : `${place(url)} answered ${status}. Check that it can be reached from this machine.`,
    );
    this.status = status;
  }
}

/**
 * Downloads to a file, which appears at `path` only when it is complete and matches the digest, if one is given. A body that
 * ends early is requested again from its start.
 *
 * @throws DownloadRefused when the server does not answer with content; Error when the content is too large, does not match
 *   the digest, or does not arrive.
 */
export async function downloadFile(
  url: string | URL,
  path: string,
  options: DownloadOptions,
): Promise<Downloaded> {
  const part = `${path}.part`;
  try {
    const downloaded = await download(url, options, async () => {
      const file = await open(part, "w", 0o644);
      return { write: async (chunk) => void (await file.write(chunk)), close: () => file.close() };
    });
    await rename(part, path);
    return downloaded;
  } finally {
    await rm(part, { force: true });
  }
}

/** As `downloadFile`, but into memory. */
export async function downloadBytes(
  url: string | URL,
  options: DownloadOptions,
): Promise<Downloaded & { readonly bytes: Uint8Array }> {
  let chunks: Uint8Array[] = [];
  const downloaded = await download(url, options, async () => {
    chunks = [];
    return { write: async (chunk) => void chunks.push(chunk), close: async () => {} };
  });
  return { ...downloaded, bytes: Buffer.concat(chunks) };
}

interface Sink {
  write(chunk: Uint8Array): Promise<void>;
  close(): Promise<void>;
}

function download(
  url: string | URL,
  options: DownloadOptions,
  openSink: () => Promise<Sink>,
): Promise<Downloaded> {
  const address = new URL(url);
  return repeat(
    () => downloadOnce(address, options, openSink),
    (error) => (error instanceof BrokenDownload ? { because: error.message } : undefined),
    retryPolicy({ attempts: 3, firstDelay: 1000, ...options.retry }),
    options.onRetry === undefined ? {} : { onRetry: options.onRetry },
  );
}

async function downloadOnce(
  url: URL,
  { fetch, limit, digest, headers = {}, onRetry }: DownloadOptions,
  openSink: () => Promise<Sink>,
): Promise<Downloaded> {
  const response = await fetch(url, {
    bulk: true,
    headers: { "accept-encoding": "identity", ...headers },
    signal: AbortSignal.timeout(patienceFor(limit)),
    ...(onRetry === undefined ? {} : { onRetry }),
  });
  if (!response.ok) {
    await response.body?.cancel();
    throw new DownloadRefused(url, response.status);
  }
  const sink = await openSink();
  try {
    const found = await receive(response, sink, limit, url);
    if (digest === undefined || found.digest === digest) return found;
    throw new BrokenDownload(
      `${place(url)} sent unexpected content: its digest is ${found.digest}, expected ${digest}.`,
    );
  } finally {
    await sink.close();
  }
}

async function receive(response: Response, sink: Sink, limit: number, url: URL): Promise<Downloaded> {
  const hash = createHash("sha256");
  let size = 0;
  const chunks = (response.body ?? new ReadableStream<Uint8Array>()).values();
  try {
    for (;;) {
      const { done, value } = await chunks.next().catch((cause: unknown) => {
        if (transientError(cause) === undefined) throw cause;
        throw new BrokenDownload(`The download of ${place(url)} stopped after ${size} bytes.`, { cause });
      });
      if (done) return { size, digest: `sha256:${hash.digest("hex")}` };
      size += value.length;
      if (size > limit)
        throw new Error(`${place(url)} sends more than the ${limit} bytes that are accepted for it.`);
      hash.update(value);
      await sink.write(value);
    }
  } finally {
    await chunks.return?.();
  }
}
