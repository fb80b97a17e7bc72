import { expect, test } from "@jest/globals";
import { blobOf, createRegistryClient } from "../src/index.ts";
import { manifest, publishOnce, registry } from "./fixtures.ts";

test("a blob of several megabytes arrives whole, whatever its size", async () => {
  const server = await registry();
  const repository = { registry: server.host, name: "o/site" };
  const blob = blobOf("application/octet-stream", Buffer.alloc(8_000_001, "spin"));
  await publishOnce({ root: manifest([blobOf("application/json", "{}"), blob]) }, { repository, tag: "1" });
  const bytes = await createRegistryClient().blob(repository, blob.descriptor, blob.descriptor.size);
  expect(bytes.length).toBe(8_000_001);
});
