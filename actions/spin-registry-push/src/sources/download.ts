import { open } from "node:fs/promises";
import { type Fetch, repeat, retryPolicy } from "@spin-publisher/http";

/** A download that began and did not come to its end; another attempt may. */
class BrokenOff extends Error {}

const limits = { bytes: 1 << 30, stallMilliseconds: 30_000 };

/**
 * Downloads to a file. Requests are retried by the transport; a body that breaks off or stops flowing is begun again
 * here, three times in all.
 *
 * @throws Error (a sentence) when the server does not answer with the file.
 */
export async function download(url: string, path: string, fetch: Fetch): Promise<void> {
  await repeat(
    () => downloadOnce(url, path, fetch),
    (error) => (error instanceof BrokenOff ? { because: error.message } : undefined),
    retryPolicy({ attempts: 3, firstDelay: 1000 }),
  );
}

async function downloadOnce(url: string, path: string, fetch: Fetch): Promise<void> {
  const stop = new AbortController();
  const response = await fetch(url, { signal: stop.signal });
  if (!response.ok) {
    stop.abort();
    throw new Error(
      response.status === 404
        ? `${url} does not exist; correct the address in the manifest`
        : `${url} answered ${response.status}; check that it can be reached from here`,
    );
  }
  const file = await open(path, "w", 0o644);
  const stalled = () => stop.abort(new Error(`nothing came for ${limits.stallMilliseconds / 1000} s`));
  const timer = setTimeout(stalled, limits.stallMilliseconds);
  let received = 0;
  try {
    for await (const chunk of response.body ?? []) {
      timer.refresh();
      received += chunk.length;
      if (received > limits.bytes) break;
      await file.write(chunk);
    }
  } catch (cause) {
    throw new BrokenOff(`the download of ${url} broke off after ${received} bytes`, { cause });
  } finally {
    clearTimeout(timer);
    stop.abort();
    await file.close();
  }
  if (received > limits.bytes)
    throw new Error(`${url} sends more than ${limits.bytes} bytes, which no module has`);
}
