import { createHash } from "node:crypto";
import { mediaTypes } from "@spin-publisher/oci";

/** A registry's answer to one request: the status, the first error code, and other distinctive features. */
export type Behaviour = Readonly<Record<string, string>>;

/**
 * Sends every request for which registries are known to differ. The same requests to a real program
 * and to the persona that stands in for it must return the same answers.
 *
 * @param origin of a registry that may be written to, without authentication
 * @param repository the first component of the repositories that are written
 */
export async function probeRegistry(origin: string, repository: string): Promise<Behaviour> {
  const answers: Record<string, string> = {};
  for (const [question, ask] of Object.entries(questions)) {
    const name = question.toLowerCase().replace(/[^a-z0-9]+/g, "-");
    answers[question] = await ask(clientOf(origin, `${repository}/${name}`));
  }
  return answers;
}

type Headers = Readonly<Record<string, string>>;

interface Client {
  readonly repository: string;
  /** Sends a request; a path without a leading slash is below the repository. */
  send(method: string, path: string, body?: string | Uint8Array, headers?: Headers): Promise<Response>;
  /** Begins an upload and returns the path of its session. */
  begin(): Promise<string>;
  pushBlob(content: string): Promise<void>;
  pushManifest(reference: string, manifest: string, headers?: Headers): Promise<Response>;
}

/** Also the config of every image that is pushed: zot looks into it. */
const content = JSON.stringify({
  architecture: "amd64",
  os: "linux",
  rootfs: { type: "layers", diff_ids: [] },
});
const digest = digestOf(content);
const image = (more: object = {}) => manifestOf(mediaTypes.manifest, more);

const questions: Readonly<Record<string, (client: Client) => Promise<string>>> = {
  "blob in one POST": async ({ send }) =>
    answer(await send("POST", `blobs/uploads/?digest=${digest}`, content)),
  "empty blob": async (client) =>
    answer(await client.send("PUT", withDigest(await client.begin(), digestOf("")), "")),
  "sha512 blob": async (client) =>
    answer(await client.send("PUT", withDigest(await client.begin(), digestOf(content, "sha512")), content)),
  "address of an upload": async ({ send }) => {
    const location = (await send("POST", "blobs/uploads/")).headers.get("location") ?? "";
    return `${location.startsWith("/") ? "relative" : "absolute"}${location.includes("_state=") ? " with _state" : ""}`;
  },
  "address of an upload, used twice": async (client) => {
    const session = await client.begin();
    const chunk = (first: number) => ({ "content-range": `${first}-${first + 9}` });
    await client.send("PATCH", session, content.slice(0, 10), chunk(0));
    return answer(await client.send("PATCH", session, content.slice(0, 10), chunk(10)));
  },
  "chunk out of order": async (client) =>
    answer(
      await client.send("PATCH", await client.begin(), content, {
        "content-range": `5-${content.length + 4}`,
      }),
    ),
  "chunk above 4 MiB": async (client) => {
    const chunk = new Uint8Array((4 << 20) + 1);
    const headers = { "content-range": `0-${chunk.length - 1}` };
    return answer(await client.send("PATCH", await client.begin(), chunk, headers));
  },
  "wrong digest": async (client) =>
    answer(await client.send("PUT", withDigest(await client.begin(), digestOf("other")), content)),
  "cancelled upload": async (client) => answer(await client.send("DELETE", await client.begin())),
  mount: async (client) => {
    await client.pushBlob(content);
    const { repository } = client;
    return answer(
      await client.send("POST", `/v2/${repository}/copy/blobs/uploads/?mount=${digest}&from=${repository}`),
    );
  },
  "mount without from": async (client) => {
    await client.pushBlob(content);
    return answer(await client.send("POST", `/v2/${client.repository}/copy/blobs/uploads/?mount=${digest}`));
  },
  "mount of a missing blob": async (client) => {
    await client.pushBlob("another");
    const missing = digestOf("missing");
    const from = client.repository;
    return answer(await client.send("POST", `/v2/${from}/copy/blobs/uploads/?mount=${missing}&from=${from}`));
  },
  "mount from a missing repository": async ({ send }) =>
    answer(await send("POST", `blobs/uploads/?mount=${digestOf("missing")}&from=nowhere/at-all`)),
  "part of a blob": async (client) => {
    await client.pushBlob(content);
    const response = await client.send("GET", `blobs/${digest}`, undefined, { range: "bytes=2-4" });
    return `${response.status} ${await response.text()}`;
  },
  "unknown blob": async (client) => {
    await client.pushBlob("another");
    return answer(await client.send("GET", `blobs/${digest}`));
  },
  "malformed digest": async ({ send }) => answer(await send("GET", "blobs/sha256:xyz")),
  "unknown manifest": async (client) => {
    await client.pushBlob("another");
    return answer(await client.send("GET", "manifests/absent"));
  },
  "manifest of an unknown repository": async ({ send }) => answer(await send("GET", "manifests/absent")),
  "tags of an unknown repository": async ({ send }) => answer(await send("GET", "tags/list")),
  "upper-case name": async ({ repository, send }) =>
    answer(await send("POST", `/v2/${repository.toUpperCase()}/blobs/uploads/`)),
  "manifest with a missing blob": async ({ pushManifest }) => answer(await pushManifest("1", image())),
  "index with a missing child": async ({ pushManifest }) =>
    answer(await pushManifest("1", manifestOf(mediaTypes.index))),
  "manifest of a Docker type": async (client) => {
    await client.pushBlob(content);
    return answer(await client.pushManifest("1", manifestOf(mediaTypes.dockerManifest)));
  },
  "manifest of an unknown type": async (client) => {
    await client.pushBlob(content);
    return answer(await client.pushManifest("1", image(), { "content-type": "application/x-unknown" }));
  },
  "manifest that contradicts its type": async (client) => {
    await client.pushBlob(content);
    return answer(await client.pushManifest("1", image(), { "content-type": mediaTypes.index }));
  },
  "manifest that is no JSON": async ({ pushManifest }) =>
    answer(await pushManifest("1", "{", { "content-type": mediaTypes.manifest })),
  "manifest under a wrong digest": async (client) => {
    await client.pushBlob(content);
    return answer(await client.pushManifest(digestOf("other"), image()));
  },
  "manifest above 4 MiB": async (client) => {
    await client.pushBlob(content);
    return answer(await client.pushManifest("1", image({ annotations: { long: "x".repeat(4 << 20) } })));
  },
  "manifest asked for without its type": async (client) => {
    await client.pushBlob(content);
    await client.pushManifest("1", image());
    const accept = `${mediaTypes.dockerManifest}, ${mediaTypes.dockerManifestList}`;
    return answer(await client.send("GET", "manifests/1", undefined, { accept }));
  },
  "manifest under an illegal tag": async (client) => {
    await client.pushBlob(content);
    return answer(await client.pushManifest(".illegal", image()));
  },
  "tag written again": async (client) => {
    await client.pushBlob(content);
    await client.pushManifest("1", image());
    return answer(await client.pushManifest("1", image({ annotations: { changed: "yes" } })));
  },
  "tag written again on condition that it is new": async (client) => {
    await client.pushBlob(content);
    await client.pushManifest("1", image());
    const other = image({ annotations: { changed: "yes" } });
    return answer(await client.pushManifest("1", other, { "if-none-match": "*" }));
  },
  "tags named in a push by digest": async (client) => {
    await client.pushBlob(content);
    const response = await client.pushManifest(`${digestOf(image())}?tag=a&tag=b`, image());
    const tagged = await client.send("HEAD", "manifests/b");
    return `${response.status} OCI-Tag: ${response.headers.get("oci-tag")}, then ${tagged.status}`;
  },
  "manifest with a subject": async (client) => {
    await client.pushBlob(content);
    const subject = { mediaType: mediaTypes.manifest, digest: digestOf("subject"), size: 7 };
    const response = await client.pushManifest("1", image({ subject }));
    return `${response.status} OCI-Subject: ${response.headers.has("oci-subject") ? "yes" : "no"}`;
  },
  referrers: async (client) => {
    await client.pushBlob(content);
    return answer(await client.send("GET", `referrers/${digestOf("subject")}`));
  },
  "page of tags": async (client) => {
    await client.pushBlob(content);
    for (const tag of ["a", "b"]) await client.pushManifest(tag, image());
    const response = await client.send("GET", "tags/list?n=1");
    const link = response.headers.get("link")?.replaceAll(client.repository, "REPOSITORY");
    return `${response.status} ${JSON.stringify(Object(await response.json()).tags)} Link: ${link}`;
  },
  "deleted tag": async (client) => {
    await client.pushBlob(content);
    await client.pushManifest("1", image());
    return answer(await client.send("DELETE", "manifests/1"));
  },
  "deleted manifest": async (client) => {
    await client.pushBlob(content);
    await client.pushManifest("1", image());
    return answer(await client.send("DELETE", `manifests/${digestOf(image())}`));
  },
  "deleted blob": async (client) => {
    await client.pushBlob(content);
    return answer(await client.send("DELETE", `blobs/${digest}`));
  },
};

function clientOf(origin: string, repository: string): Client {
  const send: Client["send"] = (method, path, body, headers = {}) =>
    fetch(new URL(path.startsWith("/") ? path : `/v2/${repository}/${path}`, origin), {
      method,
      headers: { ...(body === undefined ? {} : { "content-type": "application/octet-stream" }), ...headers },
      body: body ?? null,
    });
  const begin = async () => {
    const response = await send("POST", "blobs/uploads/");
    const { pathname, search } = new URL(response.headers.get("location") ?? "", origin);
    return pathname + search;
  };
  return {
    repository,
    send,
    begin,
    async pushBlob(text) {
      const response = await send("PUT", withDigest(await begin(), digestOf(text)), text);
      if (response.status !== 201) throw new Error(`${origin} did not take a blob: ${response.status}`);
    },
    pushManifest(reference, manifest, headers = {}) {
      const [, mediaType = mediaTypes.manifest] = /"mediaType":"([^"]+)"/.exec(manifest) ?? [];
      return send("PUT", `manifests/${reference}`, manifest, { "content-type": mediaType, ...headers });
    },
  };
}

/** The status, and the code of the first error where there is one. */
async function answer(response: Response): Promise<string> {
  const text = await response.text();
  const [, code] = response.ok ? [] : (/"code":\s*"([^"]+)"/.exec(text) ?? []);
  return code === undefined ? String(response.status) : `${response.status} ${code}`;
}

function withDigest(session: string, digest: string): string {
  return `${session}${session.includes("?") ? "&" : "?"}digest=${digest}`;
}

function manifestOf(mediaType: string, more: object = {}): string {
  const descriptor = { mediaType: mediaTypes.config, digest, size: content.length };
  const child = { mediaType: mediaTypes.manifest, digest: digestOf("missing"), size: 7 };
  const parts = mediaType === mediaTypes.index ? { manifests: [child] } : { config: descriptor, layers: [] };
  return JSON.stringify({ schemaVersion: 2, mediaType, ...parts, ...more });
}

function digestOf(text: string, algorithm = "sha256"): string {
  return `${algorithm}:${createHash(algorithm).update(text).digest("hex")}`;
}
