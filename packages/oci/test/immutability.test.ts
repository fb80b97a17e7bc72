import { describe, expect, test } from "@jest/globals";
import { faultOn, personas, type RecordedRefusal, recordedRefusals } from "@spin-publisher/sandbox";
import { createRegistryClient, inspectTarget, publish } from "../src/index.ts";
import { digestAt, publishOnce, quick, registry, site, writes } from "./fixtures.ts";

const ours = site("ours");
const theirs = site("theirs");

/** The answers of registries that hold tags immutable by themselves. */
const native = recordedRefusals.filter(({ situation, request }) => {
  return request === "manifest" && /immutable/.test(situation);
});

/** A target that was free when it was looked at, and is taken when its tag is written, as that registry says it. */
async function takenMeanwhile({ reply }: RecordedRefusal, by: typeof ours) {
  const server = await registry();
  const repository = { registry: server.host, name: "o/site" };
  const client = createRegistryClient({ retry: quick });
  const state = await inspectTarget(client, { repository, tag: "0.1.2", aliases: ["latest"] });
  await publishOnce(by, { repository, tag: "0.1.2" });
  const isLook = faultOn(({ method, kind }) => method === "HEAD" && kind === "manifest", {
    kind: "not-yet-visible",
  });
  const isWrite = faultOn(
    ({ method, path }) => method === "PUT" && path.endsWith("/0.1.2"),
    { kind: "answer", reply },
    9,
  );
  server.clearRequests();
  server.setFaults((request) => isLook(request) ?? isWrite(request));
  return { server, client, state };
}

describe("a registry that keeps tags immutable by itself", () => {
  test.each(native.map((refused) => [refused.registry, refused.situation, refused] as const))(
    "%s (%s): the same content counts as done",
    async (_registry, _situation, refused) => {
      const { server, client, state } = await takenMeanwhile(refused, ours);
      const report = await publish(client, ours, state, { immutable: true });
      expect(report).toMatchObject({ changed: false, aliases: [{ tag: "latest", outcome: "moved" }] });
      expect(await digestAt(server, "o/site", "latest")).toBe(ours.root.descriptor.digest);
    },
  );

  test.each(native.map((refused) => [refused.registry, refused.situation, refused] as const))(
    "%s (%s): other content is a conflict, and no alias moves",
    async (_registry, _situation, refused) => {
      const { server, client, state } = await takenMeanwhile(refused, theirs);
      await expect(publish(client, ours, state, { immutable: true })).rejects.toThrow(
        `already points at ${theirs.root.descriptor.digest}, and what was built is ${ours.root.descriptor.digest}`,
      );
      expect(await digestAt(server, "o/site", "latest")).toBeNull();
    },
  );

  test("says who keeps it where we would have moved it", async () => {
    const server = await registry({ persona: personas.harbor });
    const repository = { registry: server.host, name: "o/site" };
    await publishOnce(theirs, { repository, tag: "1.0.0" });
    await expect(publishOnce(ours, { repository, tag: "1.0.0", immutable: false })).rejects.toThrow(
      "The registry keeps tags immutable: publish under a new tag, or change the rule there.",
    );
  });

  test("says that the version is published when only an alias stays", async () => {
    const server = await registry({ persona: personas.harbor });
    const repository = { registry: server.host, name: "o/site" };
    await publishOnce(theirs, { repository, tag: "1.0.0" });
    await expect(publishOnce(ours, { repository, tag: "next", aliases: ["1.0.0"] })).rejects.toThrow(
      `next is published, but the alias ${server.host}/o/site:1.0.0 stays at ${theirs.root.descriptor.digest}`,
    );
    expect(await digestAt(server, "o/site", "next")).toBe(ours.root.descriptor.digest);
  });
});

describe("a tag whose write was answered by silence", () => {
  test("is looked at, and not written a second time", async () => {
    const server = await registry({
      faults: faultOn(({ method, path }) => method === "PUT" && path.endsWith("/0.1.2"), {
        kind: "reset",
        when: "after-effect",
      }),
    });
    const repository = { registry: server.host, name: "o/site" };
    const report = await publishOnce(ours, { repository, tag: "0.1.2" });
    expect(report).toMatchObject({ changed: true, retries: 1 });
    expect(writes(server).filter((write) => write === "PUT manifest")).toHaveLength(1);
  });

  test("is not taken from who has it by then", async () => {
    const server = await registry();
    const repository = { registry: server.host, name: "o/site" };
    const client = createRegistryClient({ retry: quick });
    const state = await inspectTarget(client, { repository, tag: "0.1.2", aliases: [] });
    await publishOnce(theirs, { repository, tag: "0.1.2" });
    const look = faultOn(({ method, kind }) => method === "HEAD" && kind === "manifest", {
      kind: "not-yet-visible",
    });
    const write = faultOn(({ method, kind }) => method === "PUT" && kind === "manifest", {
      kind: "reset",
      when: "on-arrival",
    });
    server.setFaults((request) => look(request) ?? write(request));
    await expect(publish(client, ours, state, { immutable: true })).rejects.toThrow("already points at");
    expect(await digestAt(server, "o/site", "0.1.2")).toBe(theirs.root.descriptor.digest);
  });
});

test("a tag that was written and shows other content is an error, whatever the status said", async () => {
  const server = await registry();
  const repository = { registry: server.host, name: "o/site" };
  await publishOnce(theirs, { repository, tag: "main" });
  // A registry that answers every write of the tag with success, and does not do it.
  server.setFaults(
    faultOn(({ method, path }) => method === "PUT" && path.endsWith("/main"), {
      kind: "answer",
      reply: { status: 201, headers: {} },
    }),
  );
  await expect(publishOnce(ours, { repository, tag: "main", immutable: false })).rejects.toThrow(
    `was written with ${ours.root.descriptor.digest}, but the registry says that it holds ${theirs.root.descriptor.digest}`,
  );
});
