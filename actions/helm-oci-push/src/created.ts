/** Latest second that RFC 3339 can name. */
const lastSecond = 253_402_300_799n;

/**
 * The time that the chart's manifest says it was made: SOURCE_DATE_EPOCH (reproducible-builds.org), in UTC.
 * Undefined where it is not set: then nothing is said, as the clock has no say in what is published.
 */
export function createdAt(sourceDateEpoch: string | undefined): string | undefined {
  if (sourceDateEpoch === undefined || sourceDateEpoch === "") return undefined;
  if (!/^[0-9]+$/.test(sourceDateEpoch) || BigInt(sourceDateEpoch) > lastSecond) {
    throw new Error(`SOURCE_DATE_EPOCH must be seconds since 1970, but it is "${sourceDateEpoch}".`);
  }
  return new Date(Number(sourceDateEpoch) * 1000).toISOString().replace(/\.[0-9]+Z$/, "Z");
}
