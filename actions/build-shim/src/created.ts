/**
 * The time that images say they were made at, RFC 3339: from SOURCE_DATE_EPOCH (seconds; reproducible-builds.org),
 * never from the clock. Undefined where it is not set: then images say nothing.
 */
export function createdFrom(sourceDateEpoch: string | undefined): string | undefined {
  if (sourceDateEpoch === undefined || sourceDateEpoch === "") return undefined;
  const seconds = Number(sourceDateEpoch);
  if (!/^\d+$/.test(sourceDateEpoch) || seconds > 253_402_300_799) {
    throw new Error(
      `SOURCE_DATE_EPOCH must be a time in seconds since 1970, but it is "${sourceDateEpoch}".`,
    );
  }
  return new Date(seconds * 1000).toISOString().replace(".000Z", "Z");
}
