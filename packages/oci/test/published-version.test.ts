import { describe, expect, test } from "@jest/globals";
import { createFetch } from "@spin-publisher/http";
import { blobOf, createRegistryClient, manifestOf, mediaTypes, publishedVersion } from "../src/index.ts";
import { index, layer, manifest, publishOnce, quick, registry, site } from "./fixtures.ts";

const key = "org.opencontainers.image.version";
const number = (version: string) => Number(/^(\d+)\.0\.0$/.exec(version)?.[1] ?? Number.NaN);
const rules = {
  isRelease: (text: string) => !Number.isNaN(number(text)),
  isNewer: (version: string) => number(version) > 1,
};

const annotated = (version: string) => {
  const config = blobOf(mediaTypes.config, "{}");
  const document = {
    schemaVersion: 2,
    mediaType: mediaTypes.manifest,
    config: config.descriptor,
    layers: [],
  };
  return manifestOf(mediaTypes.manifest, JSON.stringify({ ...document, annotations: { [key]: version } }), {
    blobs: [config],
  });
};
const labelled = (version: string) =>
  manifest(
    [blobOf(mediaTypes.config, JSON.stringify({ config: { Labels: { [key]: version } } })), layer("a")],
    {
      os: "linux",
      architecture: "amd64",
    },
  );

describe("the version of what another tool published", () => {
  test.each([
    ["its annotation", { root: annotated("7.0.0") }, "7.0.0"],
    ["the label of its image", { root: labelled("7.0.0") }, "7.0.0"],
    ["the label of the first image of its index", { root: index([labelled("7.0.0")]) }, "7.0.0"],
    ["unknown without any of these", site("a"), undefined],
  ])("is %s", async (_name, artifact, expected) => {
    const server = await registry();
    const repository = { registry: server.host, name: "o/site" };
    await publishOnce(artifact, { repository, tag: "latest", immutable: false });
    const client = createRegistryClient({ retry: quick });
    const current = await client.manifest({ ...repository, tag: "latest" });
    if (current === undefined) throw new Error("nothing was published");
    server.clearRequests();
    expect(await publishedVersion(client, repository, current, rules)).toBe(expected);
    const lists = server.requests.filter(({ path }) => path.includes("/tags/list"));
    expect(lists).toHaveLength(expected === undefined ? 1 : 0);
  });

  test("is a newer release tag with the same digest, on whichever page it is listed", async () => {
    const server = await registry();
    const repository = { registry: server.host, name: "o/site" };
    for (const tag of ["1.0.0", "3.0.0", "4.0.0"]) {
      await publishOnce(site(tag === "4.0.0" ? "four" : "other"), { repository, tag });
    }
    await publishOnce(site("four"), { repository, tag: "latest", immutable: false });
    const send = createFetch();
    const client = createRegistryClient({
      retry: quick,
      fetch: (input, init) => send(String(input).replace("n=1000", "n=2"), init),
    });
    const current = await client.manifest({ ...repository, tag: "latest" });
    if (current === undefined) throw new Error("nothing was published");
    server.clearRequests();
    expect(await publishedVersion(client, repository, current, rules)).toBe("4.0.0");
    const asked = server.requests.map(({ path }) => path);
    expect(asked.filter((path) => path.includes("/tags/list"))).toHaveLength(2);
    expect(asked.filter((path) => path.endsWith("/manifests/1.0.0"))).toEqual([]);
  });

  test("is unknown, without an error, if tags cannot be listed", async () => {
    const server = await registry();
    const repository = { registry: server.host, name: "o/site" };
    await publishOnce(site("a"), { repository, tag: "latest", immutable: false });
    const client = createRegistryClient({ retry: quick });
    const current = await client.manifest({ ...repository, tag: "latest" });
    if (current === undefined) throw new Error("nothing was published");
    const reader = { ...client, tags: async () => Promise.reject(new Error("405")) };
    expect(await publishedVersion(reader, repository, current, rules)).toBeUndefined();
  });
});
