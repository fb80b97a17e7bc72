/** The last second that RFC 3339 can name: the end of the year 9999. */
const lastSecond = 253_402_300_799;

/**
 * The time that artifacts say they were made at, RFC 3339 in UTC: from SOURCE_DATE_EPOCH (seconds;
 * reproducible-builds.org), never from the clock. Undefined where it is not set: then they say nothing.
 *
 * @throws Error when it is no number of seconds since 1970.
 */
export function sourceDate(sourceDateEpoch = process.env.SOURCE_DATE_EPOCH): string | undefined {
  if (sourceDateEpoch === undefined || sourceDateEpoch === "") return undefined;
  const seconds = Number(sourceDateEpoch);
  if (!/^[0-9]+$/.test(sourceDateEpoch) || seconds > lastSecond) {
    throw new Error(`SOURCE_DATE_EPOCH must be seconds since 1970, but it is "${sourceDateEpoch}".`);
  }
  return new Date(seconds * 1000).toISOString().replace(".000Z", "Z");
}
