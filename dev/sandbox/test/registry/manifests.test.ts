import { describe, expect, test } from "@jest/globals";
import {
  codeOf,
  configType,
  digestOf,
  indexOf,
  manifestOf,
  manifestType,
  pushBlob,
  pushImage,
  putManifest,
  withRegistry,
} from "./client.ts";

describe("a manifest", () => {
  test("is returned byte for byte, by its tag and its digest", () =>
    withRegistry(async (registry) => {
      await pushBlob(registry, "site", "{}");
      const manifest = `${manifestOf("{}", { extra: [1, { a: "é" }] })}\n`;
      const put = await putManifest(registry, "site", "0.1.2", manifest);
      expect([put.status, put.headers.get("docker-content-digest")]).toEqual([201, digestOf(manifest)]);
      expect(await (await fetch(new URL(put.headers.get("location") ?? "", registry.origin))).text()).toBe(
        manifest,
      );
      const read = await fetch(`${registry.origin}/v2/site/manifests/${digestOf(manifest)}`);
      expect(await read.text()).toBe(manifest);
      expect(read.headers.get("content-type")).toBe(manifestType);
      const head = await fetch(`${registry.origin}/v2/site/manifests/0.1.2`, { method: "HEAD" });
      expect(head.headers.get("content-length")).toBe(String(Buffer.byteLength(manifest)));
    }));

  test("is refused while content it refers to is missing, and does not create the repository", () =>
    withRegistry(async (registry) => {
      for (const manifest of [manifestOf("absent"), indexOf(manifestOf("absent"))]) {
        const response = await putManifest(registry, "site", "0.1.2", manifest);
        expect([response.status, await codeOf(response)]).toEqual([404, "MANIFEST_BLOB_UNKNOWN"]);
      }
      const tags = await fetch(`${registry.origin}/v2/site/tags/list`);
      expect([tags.status, await codeOf(tags)]).toEqual([404, "NAME_UNKNOWN"]);
    }));

  test("may refer to non-distributable layers, and to a subject that does not exist yet", () =>
    withRegistry(async (registry) => {
      await pushBlob(registry, "site", "{}");
      const foreign = {
        mediaType: "application/vnd.oci.image.layer.nondistributable.v1.tar",
        digest: digestOf("x"),
        size: 1,
      };
      const subject = { mediaType: manifestType, digest: digestOf("later"), size: 5 };
      const manifest = manifestOf("{}", { layers: [foreign], subject });
      const response = await putManifest(registry, "site", "1", manifest);
      expect([response.status, response.headers.get("oci-subject")]).toEqual([201, digestOf("later")]);
    }));

  test.each([
    ["no JSON", "{", manifestType],
    ["no object", "[]", manifestType],
    ["of another type than its header says", manifestOf("{}", { mediaType: "x/y" }), manifestType],
    ["of another schema", manifestOf("{}", { schemaVersion: 1 }), manifestType],
    ["without a config", JSON.stringify({ schemaVersion: 2, layers: [] }), manifestType],
    [
      "with a malformed digest",
      manifestOf("{}", { layers: [{ mediaType: "x", digest: "y", size: 1 }] }),
      manifestType,
    ],
    [
      "with a negative size",
      manifestOf("{}", { layers: [{ mediaType: "x", digest: digestOf("y"), size: -1 }] }),
      manifestType,
    ],
  ])("is refused when it is %s", (_what, body, type) =>
    withRegistry(async (registry) => {
      await pushBlob(registry, "site", "{}");
      const response = await fetch(`${registry.origin}/v2/site/manifests/1`, {
        method: "PUT",
        headers: { "content-type": type },
        body,
      });
      expect([response.status, await codeOf(response)]).toEqual([400, "MANIFEST_INVALID"]);
    }),
  );

  test("is refused when it has another type, is too large, or differs from its digest", () =>
    withRegistry(async (registry) => {
      const put = (reference: string, type: string, body: string) =>
        fetch(`${registry.origin}/v2/site/manifests/${reference}`, {
          method: "PUT",
          headers: { "content-type": type },
          body,
        });
      expect((await put("1", "application/json", "{}")).status).toBe(415);
      expect((await put("1", manifestType, " ".repeat((4 << 20) + 1))).status).toBe(413);
      const response = await put(digestOf("other"), manifestType, manifestOf("{}"));
      expect([response.status, await codeOf(response)]).toEqual([400, "DIGEST_INVALID"]);
    }));

  test("pushed by digest gets the tags in its query", () =>
    withRegistry(async (registry) => {
      await pushBlob(registry, "site", "{}");
      const manifest = manifestOf("{}");
      const response = await putManifest(registry, "site", `${digestOf(manifest)}?tag=a&tag=b`, manifest);
      expect([response.status, response.headers.get("oci-tag")]).toEqual([201, "a, b"]);
      const tags = await (await fetch(`${registry.origin}/v2/site/tags/list`)).json();
      expect(tags).toEqual({ name: "site", tags: ["a", "b"] });
    }));

  test("does not overwrite a tag that fails the request's precondition", () =>
    withRegistry(async (registry) => {
      const first = await pushImage(registry, "site", "latest", "{}");
      await pushBlob(registry, "site", "[]");
      const second = manifestOf("[]");
      const absent = await putManifest(registry, "site", "latest", second, { "if-none-match": "*" });
      expect(absent.status).toBe(412);
      const other = await putManifest(registry, "site", "latest", second, {
        "if-match": `"${digestOf("x")}"`,
      });
      expect(other.status).toBe(412);
      const same = await putManifest(registry, "site", "latest", second, { "if-match": `"${first}"` });
      expect(same.status).toBe(201);
    }));

  test("is deleted together with its tags, and a deleted tag keeps the manifest", () =>
    withRegistry(async (registry) => {
      const digest = await pushImage(registry, "site", "a", "{}");
      await putManifest(registry, "site", "b", manifestOf("{}"));
      const url = `${registry.origin}/v2/site/manifests`;
      expect((await fetch(`${url}/a`, { method: "DELETE" })).status).toBe(202);
      expect((await fetch(`${url}/a`)).status).toBe(404);
      expect((await fetch(`${url}/b`)).status).toBe(200);
      expect((await fetch(`${url}/${digest}`, { method: "DELETE" })).status).toBe(202);
      for (const reference of ["b", digest]) expect((await fetch(`${url}/${reference}`)).status).toBe(404);
      expect((await fetch(`${url}/${digest}`, { method: "DELETE" })).status).toBe(404);
    }));
});

describe("listings", () => {
  test("tags are sorted and paged", () =>
    withRegistry(async (registry) => {
      for (const tag of ["c", "a", "b"]) await pushImage(registry, "site", tag, "{}");
      const list = async (query: string) => {
        const response = await fetch(`${registry.origin}/v2/site/tags/list${query}`);
        return [Object(await response.json()).tags, response.headers.get("link")];
      };
      expect(await list("")).toEqual([["a", "b", "c"], null]);
      expect(await list("?n=2")).toEqual([["a", "b"], '</v2/site/tags/list?n=2&last=b>; rel="next"']);
      expect(await list("?n=2&last=b")).toEqual([["c"], null]);
      expect(await list("?n=0")).toEqual([[], null]);
      expect(await list("?last=zz")).toEqual([[], null]);
    }));

  test("referrers are the manifests with that subject, with their type and annotations", () =>
    withRegistry(async (registry) => {
      const subject = {
        mediaType: manifestType,
        digest: await pushImage(registry, "site", "1", "{}"),
        size: 1,
      };
      const sbom = manifestOf("{}", { artifactType: "example/sbom", annotations: { a: "b" }, subject });
      const other = manifestOf("{}", { subject });
      for (const manifest of [sbom, other]) await putManifest(registry, "site", digestOf(manifest), manifest);
      const list = async (query: string) => {
        const response = await fetch(`${registry.origin}/v2/site/referrers/${subject.digest}${query}`);
        return [Object(await response.json()).manifests, response.headers.get("oci-filters-applied")];
      };
      const entry = (manifest: string, artifactType: string, more: object = {}) => ({
        mediaType: manifestType,
        digest: digestOf(manifest),
        size: manifest.length,
        artifactType,
        ...more,
      });
      const first = entry(sbom, "example/sbom", { annotations: { a: "b" } });
      expect(await list("")).toEqual([[first, entry(other, configType)], null]);
      expect(await list("?artifactType=example/sbom")).toEqual([[first], "artifactType"]);
      const nothing = await fetch(`${registry.origin}/v2/never/referrers/${subject.digest}`);
      expect([nothing.status, Object(await nothing.json()).manifests]).toEqual([200, []]);
    }));
});
