import { describe, expect, test } from "@jest/globals";
import { createFetch, type Fetch } from "@spin-publisher/http";
import {
  faultOn,
  personas,
  type RecordedRefusal,
  type RequestRecord,
  recordedRefusals,
} from "@spin-publisher/sandbox";
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

describe("a registry that keeps tags immutable itself", () => {
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
        `already points at ${theirs.root.descriptor.digest}, but this run built ${ours.root.descriptor.digest}`,
      );
      expect(await digestAt(server, "o/site", "latest")).toBeNull();
    },
  );

  test("is named as the reason if we would have moved the tag", async () => {
    const server = await registry({ persona: personas.harbor });
    const repository = { registry: server.host, name: "o/site" };
    await publishOnce(theirs, { repository, tag: "1.0.0" });
    await expect(publishOnce(ours, { repository, tag: "1.0.0", immutable: false })).rejects.toThrow(
      "The registry keeps tags immutable: publish under a new tag, or change that rule in the registry.",
    );
  });

  test("publishes the version even if an alias cannot be moved, and says so", async () => {
    const server = await registry({ persona: personas.harbor });
    const repository = { registry: server.host, name: "o/site" };
    await publishOnce(theirs, { repository, tag: "1.0.0" });
    await expect(publishOnce(ours, { repository, tag: "next", aliases: ["1.0.0"] })).rejects.toThrow(
      `:next@${ours.root.descriptor.digest} is published, but the alias ${server.host}/o/site:1.0.0 still points at ${theirs.root.descriptor.digest}`,
    );
    expect(await digestAt(server, "o/site", "next")).toBe(ours.root.descriptor.digest);
  });
});

describe("a tag whose write got no answer", () => {
  test("is read, and not written a second time", async () => {
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

  test("is not moved if another publisher has written it by then", async () => {
    const server = await registry({ persona: personas.distribution });
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

describe("a tag that may not be read", () => {
  const denied = { status: 403, headers: {}, errors: [{ code: "DENIED", message: "denied" }] };
  const reads = ({ method, kind }: RequestRecord) =>
    kind === "manifest" && (method === "GET" || method === "HEAD");

  test.each([personas.distribution, personas.zot, personas.ghcr])(
    "is not overwritten at $name",
    async (persona) => {
      const server = await registry({ persona });
      const repository = { registry: server.host, name: "o/site" };
      await publishOnce(theirs, { repository, tag: "0.1.2" });
      server.setFaults(faultOn(reads, { kind: "answer", reply: denied }, Number.POSITIVE_INFINITY));
      await expect(publishOnce(ours, { repository, tag: "0.1.2" })).rejects.toThrow(
        `does not say whether the tag exists (403), so the tag was not written. Give the token read access to the repository, or set immutable: false`,
      );
      server.setFaults(undefined);
      expect(await digestAt(server, "o/site", "0.1.2")).toBe(theirs.root.descriptor.digest);
    },
  );

  test("is not written again after a write without an answer", async () => {
    const server = await registry();
    const repository = { registry: server.host, name: "o/site" };
    let writing = false;
    server.setFaults(({ method, path, ...rest }) => {
      if (method === "PUT" && path.endsWith("/0.1.2")) {
        writing = true;
        return { kind: "reset", when: "on-arrival" };
      }
      return writing && reads({ method, path, ...rest }) ? { kind: "answer", reply: denied } : undefined;
    });
    await expect(publishOnce(ours, { repository, tag: "0.1.2" })).rejects.toThrow("does not say whether");
  });

  test("is written if it could not be read only because the repository did not exist", async () => {
    const server = await registry();
    const repository = { registry: server.host, name: "o/site" };
    let uploaded = 0;
    server.setFaults((request) => {
      if (request.method === "POST") uploaded += 1;
      return reads(request) && uploaded === 0 ? { kind: "answer", reply: denied } : undefined;
    });
    expect(await publishOnce(ours, { repository, tag: "0.1.2" })).toMatchObject({ changed: true });
  });

  test("is written if it may be moved", async () => {
    const server = await registry({
      faults: faultOn(reads, { kind: "answer", reply: denied }, Number.POSITIVE_INFINITY),
    });
    const repository = { registry: server.host, name: "o/site" };
    const report = await publishOnce(ours, { repository, tag: "0.1.2", immutable: false });
    expect(report).toMatchObject({ changed: true });
  });
});

/** Something to wait for. */
function gate() {
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { open, opened };
}

describe("two publishers of different content under one tag", () => {
  /** A `fetch` that runs `before` and `after` around the write of the tag. */
  const around = (before: () => Promise<void>, after: () => Promise<void>): Fetch => {
    const real = createFetch({ mirrors: [], retry: quick });
    return async (input, init) => {
      const isWrite = init?.method === "PUT" && new URL(input).pathname.endsWith("/manifests/0.1.2");
      if (isWrite) await before();
      const response = await real(input, init);
      if (isWrite) await after();
      return response;
    };
  };

  test("that both found it free do not both succeed", async () => {
    const server = await registry({ persona: personas.distribution });
    const target = { repository: { registry: server.host, name: "o/site" }, tag: "0.1.2" };
    const [theyLooked, weWrote, theyWrote] = [gate(), gate(), gate()] as const;
    const [we, they] = await Promise.allSettled([
      publishOnce(ours, {
        ...target,
        aliases: ["latest"],
        fetch: around(
          () => theyLooked.opened,
          async () => {
            weWrote.open();
            await theyWrote.opened;
          },
        ),
      }),
      publishOnce(theirs, {
        ...target,
        fetch: around(
          async () => {
            theyLooked.open();
            await weWrote.opened;
          },
          async () => theyWrote.open(),
        ),
      }),
    ]);
    expect(they.status).toBe("fulfilled");
    expect(we.status === "rejected" ? we.reason.message : "published").toContain(
      `0.1.2 was written with ${ours.root.descriptor.digest}, but now points at ${theirs.root.descriptor.digest}: another job moved the tag`,
    );
  });

  test("do not report a conflict if the tag appears late", async () => {
    const server = await registry();
    let written = false;
    server.setFaults(({ method, kind }) => {
      if (kind !== "manifest") return undefined;
      if (method === "PUT") written = true;
      return written && method === "HEAD" ? { kind: "not-yet-visible" } : undefined;
    });
    const repository = { registry: server.host, name: "o/site" };
    expect(await publishOnce(ours, { repository, tag: "0.1.2" })).toMatchObject({ changed: true });
  });

  test.each([1_001, 60_000])(
    "detect each other if the transfers took %i ms after the recheck",
    async (took) => {
      const server = await registry();
      const target = { repository: { registry: server.host, name: "o/site" }, tag: "0.1.2" };
      const real = createFetch({ mirrors: [], retry: quick });
      let now = 0;
      const slow: Fetch = async (input, init) => {
        const response = await real(input, init);
        if (init?.method === "POST" && now === 0) {
          now = took;
          await publishOnce(theirs, target);
        }
        return response;
      };
      const failed = publishOnce(ours, { ...target, fetch: slow, retry: { ...quick, now: () => now } });
      await expect(failed).rejects.toThrow(`already points at ${theirs.root.descriptor.digest}`);
      const ourWrites = server.requests.filter(
        ({ method, path }) => method === "PUT" && path.endsWith("/0.1.2"),
      );
      expect(ourWrites).toHaveLength(1);
    },
  );
});

describe("an alias that cannot be written", () => {
  test("does not hide that the version is published", async () => {
    const reply = { status: 403, headers: {}, errors: [{ code: "DENIED", message: "not this one" }] };
    const server = await registry({
      faults: faultOn(
        ({ method, path }) => method === "PUT" && path.endsWith("/latest"),
        { kind: "answer", reply },
        9,
      ),
    });
    const repository = { registry: server.host, name: "o/site" };
    const { digest } = ours.root.descriptor;
    await expect(publishOnce(ours, { repository, tag: "0.1.2", aliases: ["latest", "0.1"] })).rejects.toThrow(
      `${server.host}/o/site:0.1.2@${digest} is published, but the alias ${server.host}/o/site:latest was not moved: ${server.host} refused to write ${server.host}/o/site:latest: 403 DENIED not this one.`,
    );
    expect(await digestAt(server, "o/site", "0.1")).toBe(digest);
  });
});

test("a tag that shows other content right after it was written is an error, whatever the status", async () => {
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
    `was written with ${ours.root.descriptor.digest}, but the registry says that it points at ${theirs.root.descriptor.digest}`,
  );
});
