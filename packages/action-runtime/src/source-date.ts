/** The last second that RFC 3339 can name: the end of the year 9999. */
const lastSecond = 253_402_300_799;

/**
 * `SOURCE_DATE_EPOCH` (reproducible-builds.org) in seconds since 1970; undefined where it is unset or empty.
 *
 * @throws Error when it is not a whole number of seconds.
 */
export function sourceDateEpoch(environment: NodeJS.ProcessEnv = process.env): number | undefined {
  const text = environment.SOURCE_DATE_EPOCH;
  if (text === undefined || text === "") return undefined;
  const seconds = Number(text);
  if (/^[0-9]+$/.test(text) && seconds <= lastSecond) return seconds;
  throw new Error(`SOURCE_DATE_EPOCH must be a number of seconds since 1970, but it is "${text}".`);
}

/**
 * The creation time that artifacts record, RFC 3339 in UTC: from `SOURCE_DATE_EPOCH`, never from the clock. Undefined
 * where that is unset: then they record none.
 *
 * @throws Error as `sourceDateEpoch`.
 */
export function sourceDate(environment: NodeJS.ProcessEnv = process.env): string | undefined {
  const seconds = sourceDateEpoch(environment);
  return seconds === undefined ? undefined : new Date(seconds * 1000).toISOString().replace(".000Z", "Z");
}
