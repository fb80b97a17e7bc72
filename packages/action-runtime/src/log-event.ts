import { debug, info } from "@actions/core";
import type { PublishEvent } from "@spin-publisher/oci";
import { progressLines } from "./progress-lines.ts";

/** One log line for what a user should see at once; the rest shows with step debugging only. */
export function eventLogger(now: () => number = () => performance.now()): (event: PublishEvent) => void {
  const progress = progressLines(now);
  return (event) => {
    if (event.kind === "retry") {
      const seconds = (event.delayMilliseconds / 1000).toFixed(1);
      info(`  retrying in ${seconds} s: ${event.what}: ${event.because}`);
    } else if (event.kind === "progress") {
      const line = progress(event);
      if (line !== undefined) info(line);
    } else debug(describeEvent(event));
  };
}

function describeEvent(event: Exclude<PublishEvent, { kind: "retry" | "progress" }>): string {
  switch (event.kind) {
    case "blob-uploaded":
      return `uploaded ${event.descriptor.digest} (${event.bytes} bytes)`;
    case "blob-mounted":
      return `mounted ${event.descriptor.digest} from ${event.from.name}`;
    case "blob-present":
      return `already present: ${event.descriptor.digest}`;
    case "manifest-written":
      return `wrote manifest ${event.digest}${event.tag === undefined ? "" : ` to ${event.tag}`}`;
  }
}
