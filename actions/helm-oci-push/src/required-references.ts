import { formatReference, parseReference, type RegistryReader } from "@spin-publisher/oci";

/** What waiting needs from outside. */
export interface Dependencies {
  readonly reader: Pick<RegistryReader, "manifest">;
  /** Milliseconds, from any start. */
  readonly now: () => number;
  readonly sleep: (milliseconds: number) => Promise<void>;
  readonly tell: (line: string) => void;
}

/** Often enough that nobody waits long, and seldom enough for any rate limit. */
const pauseMilliseconds = 5_000;

/**
 * Waits until every reference exists: a chart whose image is missing installs pods that never start. The image may be
 * on its way, published by another run for a tag of the same push.
 *
 * @throws Error naming what is missing when the time is over, and for a reference that is malformed or names no tag.
 */
export async function waitForReferences(
  references: readonly string[],
  patienceMilliseconds: number,
  { reader, now, sleep, tell }: Dependencies,
): Promise<void> {
  const deadline = now() + patienceMilliseconds;
  for (const reference of references.map((text) => parseReference(text))) {
    const name = formatReference(reference);
    for (let told = false; (await reader.manifest(reference)) === undefined; ) {
      const left = deadline - now();
      if (left <= 0) {
        const waited = patienceMilliseconds === 0 ? "" : ` after ${patienceMilliseconds / 60_000} minutes`;
        throw new Error(
          `The chart requires ${name}, which does not exist${waited}; publish it first, or change the input "requires".`,
        );
      }
      if (!told) tell(`waiting for ${name}, which the chart installs`);
      told = true;
      await sleep(Math.min(pauseMilliseconds, left));
    }
  }
}
