import { describe, expect, test } from "@jest/globals";
import { createFetch, type Fetch } from "@spin-publisher/http";
import { faultOn, personas, type RegistryServer } from "@spin-publisher/sandbox";
import {
  type Attached,
  attachedOf,
  attachReferrers,
  blobOf,
  createRegistryClient,
  type Digest,
  listReferrers,
  type Manifest,
  mediaTypes,
  type RegistryClient,
  referrersTag,
  referrerTo,
} from "../src/index.ts";
import { manifest, publishOnce, quick, registry, site, writes } from "./fixtures.ts";

const artifact = site("a page");
const { descriptor } = artifact.root;
const type = "application/vnd.example.note+json";
const annotations = { "org.example.kind": "note" };

function note(text: string, subject = descriptor): Manifest {
  return referrerTo(subject, blobOf(type, JSON.stringify({ text })), annotations);
}

interface Place {
  readonly server: RegistryServer;
  readonly repository: { readonly registry: string; readonly name: string };
  readonly client: RegistryClient;
}

async function published(
  options: Parameters<typeof registry>[0] = {},
  fetch: Fetch = createFetch({ retry: quick }),
): Promise<Place> {
  const server = await registry(options);
  const repository = { registry: server.host, name: "o/site" };
  await publishOnce(artifact, { repository, tag: "0.1.2" });
  server.clearRequests();
  return { server, repository, client: createRegistryClient({ retry: quick, fetch }) };
}

async function attach({ client, repository }: Place, ...referrers: readonly Manifest[]): Promise<void> {
  const known = await listReferrers(client, repository, descriptor.digest, "push");
  const target = { client, repository, signal: new AbortController().signal };
  await attachReferrers(target, [{ subject: descriptor.digest, referrers, known }]);
}

/** What a reader without our knowledge of this run finds. */
async function found({ repository }: Place): Promise<readonly Attached[]> {
  const reader = createRegistryClient({ retry: quick });
  const { manifests } = await listReferrers(reader, repository, descriptor.digest, "pull");
  return attachedOf(reader, repository, manifests, type);
}

const digestsOf = (all: readonly { readonly digest: Digest }[]) => all.map(({ digest }) => digest).sort();
const digestsIn = (all: readonly Manifest[]) => digestsOf(all.map((one) => one.descriptor));

/** A fetch that changes answers on their way. */
function changing(change: (url: URL, response: Response) => Response): Fetch {
  const fetch = createFetch({ retry: quick });
  return async (url, init) => change(new URL(url), await fetch(url, init));
}

describe.each(Object.entries(personas))("on %s", (_name, persona) => {
  const listsThem = persona.referrers;

  test("what is attached is found, with its type and annotations", async () => {
    const place = await published({ persona });
    const notes = [note("one"), note("two")];
    await attach(place, ...notes);
    const attached = await found(place);
    expect(digestsOf(attached)).toEqual(digestsIn(notes));
    expect(attached.map((one) => one.annotations)).toEqual([annotations, annotations]);
  });

  test(`its ${listsThem ? "list" : "tag"} is read back`, async () => {
    const place = await published({ persona });
    await attach(place, note("one"), note("two"));
    const lists = place.server.requests
      .map(({ method, path }) => `${method} ${path}`)
      .filter((request) => /referrers|sha256-/.test(request))
      .map((request) => request.replace(/\/v2\/o\/site\/|sha256[:-][0-9a-f]{64}/g, ""));
    expect(lists).toEqual(
      listsThem
        ? ["GET referrers/", "GET referrers/"]
        : ["GET referrers/", "GET manifests/", "GET manifests/", "PUT manifests/", "GET manifests/"],
    );
  });

  test("what was attached before stays, and so does what others attached", async () => {
    const place = await published({ persona });
    const notes = [note("one"), note("two"), note("three")];
    for (const one of notes) await attach(place, one);
    expect(digestsOf(await found(place))).toEqual(digestsIn(notes));
  });
});

describe("a registry without a list of referrers", () => {
  const persona = personas.distribution;

  test("gets all referrers of a digest in one write", async () => {
    const place = await published({ persona });
    await attach(place, note("one"), note("two"), note("three"));
    const tagged = place.server.requests.filter(
      ({ method, path }) => method === "PUT" && path.includes(referrersTag(descriptor.digest)),
    );
    expect(tagged).toHaveLength(1);
  });

  test("loses none of eight that are attached at the same time", async () => {
    const place = await published({ persona });
    const notes = Array.from({ length: 8 }, (_, number) => note(`note ${number}`));
    await Promise.all(
      notes.map((one) =>
        // Real pauses: a writer must give the others the time to finish.
        attach({ ...place, client: createRegistryClient({ retry: { firstDelay: 20 } }) }, one),
      ),
    );
    expect(digestsOf(await found(place))).toEqual(digestsIn(notes));
  });

  test("is written again if another writer overwrote the tag", async () => {
    const place = await published({ persona });
    const [ours, theirs] = [note("ours"), note("theirs")];
    await attach(place, theirs);
    const path = `${place.server.origin}/v2/o/site/manifests/${referrersTag(descriptor.digest)}`;
    const listOfTheirs = await createFetch()(path, { headers: { accept: mediaTypes.index } });
    const body = await listOfTheirs.arrayBuffer();
    let overwritten = 0;
    const fetch: Fetch = async (url, init) => {
      const response = await createFetch({ retry: quick })(url, init);
      if (init?.method !== "PUT" || String(url) !== path || overwritten > 0) return response;
      overwritten += 1;
      await createFetch()(url, { ...init, body }); // by a client that had read the list before our write
      return response;
    };
    await attach({ ...place, client: createRegistryClient({ retry: quick, fetch }) }, ours);
    expect(overwritten).toBe(1);
    expect(digestsOf(await found(place))).toEqual(digestsIn([ours, theirs]));
  });

  test("is not confused by a list with a referrer that was deleted", async () => {
    const place = await published({ persona: { ...persona, deletes: true } });
    const [first, second] = [note("one"), note("two")];
    await attach(place, first);
    await createFetch()(`${place.server.origin}/v2/o/site/manifests/${first.descriptor.digest}`, {
      method: "DELETE",
    });
    await attach({ ...place, client: createRegistryClient({ retry: quick }) }, second);
    expect(digestsOf(await found(place))).toEqual([second.descriptor.digest]);
  });

  test("is refused if its tag is something else", async () => {
    const place = await published({ persona });
    await publishOnce(artifact, { repository: place.repository, tag: referrersTag(descriptor.digest) });
    await expect(attach(place, note("one"))).rejects.toThrow("is not a list of referrers. Delete that tag");
  });

  test("says what to exempt if it keeps tags immutable", async () => {
    const place = await published({ persona: { ...persona, immutableTags: /./ } });
    await attach(place, note("one"));
    await expect(attach(place, note("two"))).rejects.toThrow(
      "the registry keeps tags immutable, so that nothing can be added. Exempt the tags sha256-* from that rule.",
    );
    expect(await found(place)).toHaveLength(1);
  });

  test("ends in an error if the tag never shows what was written", async () => {
    const place = await published({ persona });
    place.server.setFaults(
      faultOn(
        ({ method, path }) => method === "GET" && path.includes("manifests/sha256-"),
        {
          kind: "not-yet-visible",
        },
        999,
      ),
    );
    await expect(attach(place, note("one"))).rejects.toThrow("does not list everything that refers to");
  });
});

describe("where referrers are listed", () => {
  const without = (status: number, headers: Record<string, string> = {}) =>
    changing(({ pathname }, response) =>
      pathname.includes("/referrers/") ? new Response(null, { status, headers }) : response,
    );

  test.each([
    ["404", without(404)],
    ["400", without(400)],
    ["406", without(406)],
    ["a redirect to a web page", without(303, { location: "https://github.com/-/v2/packages/container" })],
    ["a page with status 200", without(200, { "content-type": "text/html" })],
  ])("the tag is used if the answer is %s", async (_answer, fetch) => {
    const { client, repository } = await published({}, fetch);
    const known = await listReferrers(client, repository, descriptor.digest, "push");
    expect(known).toEqual({ via: "tag", manifests: [] });
  });

  test("a redirect is not followed", async () => {
    const asked: string[] = [];
    const fetch: Fetch = async (url, init) => {
      asked.push(String(init?.redirect));
      return createFetch({ retry: quick })(url, init);
    };
    const { client, repository } = await published({}, fetch);
    await listReferrers(client, repository, descriptor.digest, "push");
    expect(asked).toEqual(["manual"]);
  });

  test("the list decides, not the header OCI-Subject: without it (zot 1.4)", async () => {
    const fetch = changing((_url, response) => {
      const headers = new Headers(response.headers);
      headers.delete("oci-subject");
      return new Response(response.body, { status: response.status, headers });
    });
    const place = await published({ persona: personas.zot }, fetch);
    await attach(place, note("one"));
    expect(await place.client.tags(place.repository)).toEqual(["0.1.2"]);
    expect(await found(place)).toHaveLength(1);
  });

  test("the list decides, not the header OCI-Subject: with it, but without a list (ECR)", async () => {
    const fetch = changing((_url, response) => {
      const headers = new Headers(response.headers);
      if (response.status === 201) headers.set("oci-subject", descriptor.digest);
      return new Response(response.body, { status: response.status, headers });
    });
    const place = await published({ persona: personas.distribution }, fetch);
    await attach(place, note("one"));
    expect(await found(place)).toHaveLength(1);
  });

  test("an error of the registry is shown", async () => {
    const { client, repository } = await published({}, without(500));
    await expect(listReferrers(client, repository, descriptor.digest, "pull")).rejects.toThrow(
      /refused to list what refers to .*500/,
    );
  });

  test("a list that never shows what was attached is an error", async () => {
    const empty = { schemaVersion: 2, mediaType: "application/vnd.oci.image.index.v1+json", manifests: null };
    const fetch = changing(({ pathname }, response) =>
      pathname.includes("/referrers/")
        ? new Response(JSON.stringify(empty), { headers: { "content-type": empty.mediaType } })
        : response,
    );
    const place = await published({}, fetch);
    await expect(attach(place, note("one"))).rejects.toThrow("does not list it among what refers to");
  });
});

describe("what is attached", () => {
  test("is decided by the manifest, not by the entry of a list", async () => {
    const place = await published({ persona: personas.distribution });
    const one = note("one");
    const { mediaType, digest, size } = one.descriptor;
    const asCosign = { ...one, descriptor: { mediaType, digest, size } };
    const asOthers = note("two");
    const entry = { ...asOthers.descriptor, artifactType: "application/vnd.oci.empty.v1+json" };
    await attach(place, asCosign, { ...asOthers, descriptor: entry });
    expect(digestsOf(await found(place))).toEqual(digestsIn([one, asOthers]));
  });

  test("is not what has another type", async () => {
    const place = await published();
    const other = referrerTo(descriptor, blobOf("application/vnd.example.other", "{}"), {});
    await attach(place, note("one"), other);
    expect(await found(place)).toHaveLength(1);
  });

  test("sends blobs that two subjects share once", async () => {
    const place = await published();
    const second = manifest([blobOf("application/vnd.oci.image.config.v1+json", "{}")]).descriptor;
    const { client, repository, server } = place;
    const known = { via: "api", manifests: [] } as const;
    await attachReferrers({ client, repository, signal: new AbortController().signal }, [
      { subject: descriptor.digest, referrers: [note("one")], known },
      { subject: second.digest, referrers: [note("one", second)], known },
    ]);
    expect(writes(server).filter((request) => request.startsWith("PUT manifest"))).toHaveLength(2);
    expect(writes(server).filter((request) => request.startsWith("POST"))).toHaveLength(2);
  });
});
