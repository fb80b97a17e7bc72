import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { faultOn } from "@spin-publisher/sandbox";
import type { PublishEvent } from "../src/index.ts";
import { atTheEnd, layer, manifest, publishOnce, registry } from "./fixtures.ts";

type Progress = Extract<PublishEvent, { kind: "progress" }>;

test("a publication reports its progress in blobs and bytes, streamed files as they are sent", async () => {
  const server = await registry();
  const folder = await mkdtemp(join(tmpdir(), "progress-"));
  atTheEnd(() => rm(folder, { recursive: true }));
  const large = "spin".repeat(2 << 20);
  await writeFile(join(folder, "large"), large);
  const blobs = [
    layer("{}"),
    { ...layer(large), source: { kind: "file", path: join(folder, "large") } as const },
  ];
  // The upload of the file fails once, and starts again.
  server.setFaults(
    faultOn(({ method, kind }) => method === "PUT" && kind === "upload", {
      kind: "reset",
      when: "before-effect",
    }),
  );
  const seen: Progress[] = [];
  const onEvent = (event: PublishEvent) => {
    if (event.kind === "progress") seen.push(event);
  };
  await publishOnce(
    { root: manifest(blobs) },
    { repository: { registry: server.host, name: "o/site" }, tag: "1", onEvent },
  );
  const total = { blobs: 2, bytes: large.length + 2 };
  expect(seen.every((event) => event.total.bytes === total.bytes && event.total.blobs === 2)).toBe(true);
  expect(seen.at(-1)?.done).toEqual(total);
  expect(seen.every(({ done }) => done.bytes <= total.bytes)).toBe(true);
  expect(seen.filter(({ done }) => done.bytes > 2 && done.bytes < total.bytes).length).toBeGreaterThan(10);
});
