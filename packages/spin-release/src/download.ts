import { repeat, retryPolicy } from "@spin-publisher/http";
import type { ReleaseAccess } from "./host.ts";

export interface DownloadLimits {
  /** More than this is not read. */
  readonly bytes: number;
  /** Whether it is an archive rather than a document; see `FetchInit`. */
  readonly bulk?: boolean;
  /** How long to wait for the next bytes. */
  readonly stallMilliseconds?: number;
}

/** A download that began and did not come to its end; another attempt may. */
class BrokenOff extends Error {}

/**
 * The content at `url`, or undefined where there is none (404). Requests are retried by the transport; a body
 * that breaks off or stops flowing is begun again here, three times in all.
 *
 * @throws Error when the server answers with another failure, sends too much, or never comes to an end.
 */
export async function download(
  url: string,
  access: Pick<ReleaseAccess, "fetch" | "onRetry" | "retry">,
  limits: DownloadLimits,
): Promise<Uint8Array | undefined> {
  return await repeat(
    () => downloadOnce(url, access, limits),
    (error) => (error instanceof BrokenOff ? { because: error.message } : undefined),
    retryPolicy({ attempts: 3, firstDelay: 1000, ...access.retry }),
    access.onRetry === undefined ? {} : { onRetry: access.onRetry },
  );
}

async function downloadOnce(
  url: string,
  { fetch, onRetry }: Pick<ReleaseAccess, "fetch" | "onRetry">,
  { bytes: limit, bulk = false, stallMilliseconds = 30_000 }: DownloadLimits,
): Promise<Uint8Array | undefined> {
  const stop = new AbortController();
  const stalled = () => stop.abort(new Error(`nothing came for ${stallMilliseconds / 1000} s`));
  let timer = setTimeout(stalled, stallMilliseconds);
  const expectWithin = (milliseconds: number) => {
    clearTimeout(timer);
    timer = setTimeout(stalled, milliseconds);
  };
  const chunks: Uint8Array[] = [];
  let received = 0;
  try {
    const response = await fetch(url, {
      signal: stop.signal,
      bulk,
      onRetry: (retry) => {
        expectWithin(retry.delayMilliseconds + stallMilliseconds);
        onRetry?.(retry);
      },
    });
    if (response.status === 404) return undefined;
    if (!response.ok) {
      throw new Error(
        `${url} answered ${response.status}; check that this address can be reached from here.`,
      );
    }
    for await (const chunk of response.body ?? []) {
      expectWithin(stallMilliseconds);
      received += chunk.length;
      if (received > limit) {
        throw new Error(`${url} sends more than ${limit} bytes, which no file of a release of Spin has.`);
      }
      chunks.push(chunk);
    }
  } catch (error) {
    if (received > limit || (chunks.length === 0 && !stop.signal.aborted)) throw error;
    const cause = stop.signal.aborted ? stop.signal.reason : error;
    throw new BrokenOff(
      `The download of ${url} broke off after ${received} bytes; run the job again, or set up a mirror if it happens often.`,
      { cause },
    );
  } finally {
    clearTimeout(timer);
    // Whatever was not read is not wanted: without this the connection would go on delivering it.
    stop.abort();
  }
  return Buffer.concat(chunks);
}
