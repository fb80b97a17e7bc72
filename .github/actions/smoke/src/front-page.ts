import { setTimeout as sleep } from "node:timers/promises";

export interface Answer {
  readonly status: number;
  readonly body: string;
}

/** How long the first start may take: Spin fetches the content and compiles its modules. */
const patienceMilliseconds = 120_000;

/**
 * The first answer of something that is starting.
 *
 * @returns a sentence's end where it does not answer in time.
 */
export async function firstAnswer(url: string, stopped: AbortSignal): Promise<Answer | string> {
  const deadline = performance.now() + patienceMilliseconds;
  while (!stopped.aborted && performance.now() < deadline) {
    try {
      const response = await fetch(url, { signal: AbortSignal.any([stopped, AbortSignal.timeout(10_000)]) });
      return { status: response.status, body: await response.text() };
    } catch {
      await sleep(200); // it is not listening yet
    }
  }
  return `did not answer within ${patienceMilliseconds / 1000} seconds`;
}

/**
 * What a log says of a front page.
 *
 * @throws Error when it is not a 200.
 */
export function describePage(what: string, { status, body }: Answer): string {
  if (status !== 200) throw new Error(`${what} answered / with ${status}:\n${body.slice(0, 2000)}`);
  const [, title = "no title"] = /<title>([^<]*)<\/title>/i.exec(body) ?? [];
  // On one line: a line of the log that begins with :: is a command to the runner.
  return `${what} answers / with 200, "${title.replace(/\s+/g, " ").trim()}", ${body.length} characters`;
}
