import type { PublishEvent } from "@spin-publisher/oci";
import { formatBytes } from "./format-bytes.ts";

/** Milliseconds before the first line, and between lines. */
const interval = 5000;

/**
 * One line every few seconds about an upload that takes longer than that; undefined for all other events.
 *
 * @param now milliseconds of any clock.
 */
export function progressLines(now: () => number): (event: PublishEvent) => string | undefined {
  let last: number | undefined;
  return (event) => {
    if (event.kind !== "progress") return undefined;
    const time = now();
    last ??= time;
    const { done, total } = event;
    if (time - last < interval || done.blobs === total.blobs) return undefined;
    last = time;
    const count = (blobs: number) => blobs.toLocaleString("en");
    return `  uploading: ${count(done.blobs)} of ${count(total.blobs)} blobs, ${formatBytes(done.bytes)} of ${formatBytes(total.bytes)}`;
  };
}
