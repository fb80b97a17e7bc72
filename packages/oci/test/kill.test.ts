import { describe, expect, test } from "@jest/globals";
import { personas, stopAfter } from "@spin-publisher/sandbox";
import { digestAt, publishOnce, registry, site } from "./fixtures.ts";

// An index with its children is killed at every request in rerun.test.ts; here it is the personas that differ.
const before = site("kept", "old");
const next = site("kept", "new".repeat(30_000));
const old = before.root.descriptor.digest;
const wanted = next.root.descriptor.digest;

describe.each(Object.values(personas))("at $name, a publisher that is killed at any request", (persona) => {
  test("leaves the tags intact, and the next run finishes", async () => {
    const server = await registry({ persona });
    for (let order = 1; ; order += 1) {
      const name = `owner/killed-at-${order}`;
      const target = { repository: { registry: server.host, name }, aliases: ["latest"] };
      await publishOnce(before, { ...target, tag: "1.0.0" });
      server.clearRequests();
      server.setFaults(stopAfter(order));
      const survived = await publishOnce(next, { ...target, tag: "2.0.0" }).then(
        () => true,
        () => false,
      );
      server.setFaults(undefined);
      const tag = await digestAt(server, name, "2.0.0");
      expect([null, wanted]).toContain(tag);
      expect(tag === null ? [old] : [old, wanted]).toContain(await digestAt(server, name, "latest"));
      expect(await publishOnce(next, { ...target, tag: "2.0.0" })).toMatchObject({ changed: tag === null });
      expect(await digestAt(server, name, "2.0.0")).toBe(wanted);
      expect(await digestAt(server, name, "latest")).toBe(wanted);
      expect(await digestAt(server, name, "1.0.0")).toBe(old);
      if (survived) break;
      expect(order).toBeLessThan(40);
    }
  });
});
