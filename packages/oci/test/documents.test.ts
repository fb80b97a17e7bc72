import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import {
  type Digest,
  digestOf,
  formatReference,
  isTag,
  mediaTypes,
  parseDigest,
  parseReference,
  parseRepository,
} from "../src/index.ts";
import { parseManifestDocument } from "../src/spec/parse-manifest.ts";

const digest: Digest = `sha256:${"a".repeat(64)}`;

describe("a reference", () => {
  test.each([
    ["ghcr.io/owner/site", { registry: "ghcr.io", name: "owner/site" }],
    ["ghcr.io/owner/site:0.1.2", { registry: "ghcr.io", name: "owner/site", tag: "0.1.2" }],
    [`ghcr.io/owner/site:0.1.2@${digest}`, { registry: "ghcr.io", name: "owner/site", tag: "0.1.2", digest }],
    ["localhost/site", { registry: "localhost", name: "site" }],
    ["localhost:5000/a/b/c:x", { registry: "localhost:5000", name: "a/b/c", tag: "x" }],
    ["[::1]:5000/site", { registry: "[::1]:5000", name: "site" }],
    ["ubuntu", { registry: "docker.io", name: "library/ubuntu" }],
    ["owner/site:1", { registry: "docker.io", name: "owner/site", tag: "1" }],
    ["r.example/a__b/c-d/e.f", { registry: "r.example", name: "a__b/c-d/e.f" }],
  ])("%s is parsed", (text, expected) => {
    expect(parseReference(text)).toEqual(expected);
  });

  test.each([
    ["oci://ghcr.io/owner/site", 'leave out "oci://"'],
    ["https://ghcr.io/owner/site", 'leave out "https://"'],
    ["ghcr.io/Owner/Site", 'names are lower-case; use "owner/site"'],
    ["ghcr.io/owner//site", "is not a repository name"],
    ["ghcr.io/-owner/site", "is not a repository name"],
    ["ghcr.io/owner/site:", '"" is not a legal tag'],
    ["ghcr.io/owner/site:a+b", '"a+b" is not a legal tag'],
    ["registry.example:65536/site", "65536 is not a port"],
    ["registry.example:99999/site:1", "99999 is not a port"],
    ["registry.example:0/site", "0 is not a port"],
    ["ghcr.io/owner/site@v1", "is not a sha256 digest"],
    ["ghcr.io/owner/site@sha256:abc", "is not a sha256 digest"],
    [`ghcr.io/owner/site@${digest}@${digest}`, "is not a sha256 digest"],
    ["https://ghcr.io/owner/site", "is not"],
    ["", "is not a repository name"],
    [`ghcr.io/${"a".repeat(250)}`, "longer than 255 characters"],
  ])("%s is refused", (text, reason) => {
    expect(() => parseReference(text)).toThrow(reason);
  });

  test.each([
    "user:s3cr3t@ghcr.io/o/site",
    "user:s3cr3t@ghcr.io/o/site:0.1.2",
    `user:s3cr3t@ghcr.io/o/site@${digest}`,
    "https://user:s3cr3t@ghcr.io/o/site",
    "user:s3/cr3t@ghcr.io/o/site",
    "user:s3@cr3t@ghcr.io/o/site",
    "user:s3cr3t@ghcr.io",
  ])("%s is refused without showing its password", (text) => {
    for (const parse of [parseReference, parseRepository]) {
      expect(() => parse(text)).toThrow('must not contain credentials, but there are some before "@ghcr.io');
      expect(() => parse(text)).not.toThrow(/cr3t/);
    }
  });

  test("to a repository has neither tag nor digest", () => {
    expect(() => parseRepository("ghcr.io/o/site:1")).toThrow("without a tag or digest");
  });

  test("is formatted as it was written", () => {
    const component = fc.stringMatching(/^[a-z0-9]{1,5}((\.|_|__|-{1,3})[a-z0-9]{1,5}){0,2}$/);
    const name = fc.array(component, { minLength: 1, maxLength: 4 }).map((parts) => parts.join("/"));
    const tag = fc.option(fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9._-]{0,20}$/), { nil: undefined });
    const end = fc.option(fc.constant(digest), { nil: undefined });
    fc.assert(
      fc.property(name, tag, end, (path, label, hash) => {
        const text = `r.example:5000/${path}${label === undefined ? "" : `:${label}`}${hash === undefined ? "" : `@${hash}`}`;
        expect(formatReference(parseReference(text))).toBe(text);
      }),
    );
  });

  test.each([
    ["0.1.2", true],
    ["_x", true],
    ["a".repeat(128), true],
    ["a".repeat(129), false],
    [".x", false],
    ["-x", false],
    ["a/b", false],
    ["a b", false],
    ["", false],
  ])("the tag %j: %s", (tag, legal) => {
    expect(isTag(tag)).toBe(legal);
  });
});

describe("a digest", () => {
  test("is that of the bytes", () => {
    expect(digestOf("{}")).toBe("sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a");
  });

  test.each([
    "sha256:ABC",
    `sha256:${"A".repeat(64)}`,
    `md5:${"a".repeat(32)}`,
    `sha512:${"a".repeat(64)}`,
    "",
  ])("is not %s", (text) => {
    expect(() => parseDigest(text)).toThrow(`"${text}" is not a digest`);
  });
});

describe("a manifest", () => {
  const blob = { mediaType: "application/x", digest, size: 3 };
  const parse = (document: unknown, declared?: string) =>
    parseManifestDocument(Buffer.from(JSON.stringify(document) ?? "<html>"), declared, "r.example/s:1");
  const manifest = { schemaVersion: 2, mediaType: mediaTypes.manifest, config: blob, layers: [blob] };
  const index = { schemaVersion: 2, mediaType: mediaTypes.index, manifests: [blob] };

  test("is read with its known properties", () => {
    const annotations = { title: "site" };
    const full = { ...manifest, artifactType: "application/y", annotations, subject: blob, unknown: 1 };
    expect(parse(full).document).toEqual({ ...manifest, artifactType: "application/y", annotations });
  });

  test("in Docker's format is read like OCI's, also if only Content-Type gives the type", () => {
    expect(parse({ ...index, mediaType: mediaTypes.dockerManifestList }).document).toHaveProperty(
      "manifests",
    );
    const { mediaType: _none, ...unnamed } = manifest;
    expect(parse(unnamed, mediaTypes.manifest).mediaType).toBe(mediaTypes.manifest);
    expect(parse(manifest, "application/octet-stream").mediaType).toBe(mediaTypes.manifest);
  });

  test("of an index lists platforms", () => {
    const platform = { os: "linux", architecture: "arm64", variant: "v8" };
    const extended = {
      ...index,
      manifests: [{ ...blob, platform: { ...platform, "os.version": "1" }, artifactType: "" }],
    };
    expect(parse(extended).document).toEqual({ ...index, manifests: [{ ...blob, platform }] });
  });

  test.each<[string, unknown, string | undefined, string]>([
    ["is not JSON", undefined, undefined, "it is not JSON"],
    ["is a list", [], undefined, "expected a JSON object"],
    ["is of version 1", { schemaVersion: 1 }, mediaTypes.manifest, "its schemaVersion is not 2"],
    ["has no type", { schemaVersion: 2, layers: [] }, undefined, "it has no media type"],
    ["is of another type", { schemaVersion: 2, mediaType: "text/html" }, undefined, "text/html is neither"],
    ["is served as something else", index, mediaTypes.manifest, "but its mediaType is"],
    ["is both", { ...manifest, manifests: [] }, undefined, "both an index and a manifest"],
    ["is both, the other way", { ...index, layers: [] }, undefined, "both an index and a manifest"],
    ["has no layers", { ...manifest, layers: undefined }, undefined, "expected a list of descriptors"],
    ["has no config", { ...manifest, config: undefined }, undefined, "expected a JSON object"],
    [
      "has a wrong digest",
      { ...manifest, layers: [{ ...blob, digest: "sha256:../../x" }] },
      undefined,
      "a descriptor must have a mediaType, a digest and a size",
    ],
    [
      "has a negative size",
      { ...manifest, layers: [{ ...blob, size: -1 }] },
      undefined,
      "a descriptor must have a mediaType, a digest and a size",
    ],
    [
      "has a broken size",
      { ...manifest, layers: [{ ...blob, size: 1.5 }] },
      undefined,
      "a descriptor must have a mediaType, a digest and a size",
    ],
    [
      "has annotations of numbers",
      { ...manifest, annotations: { a: 1 } },
      undefined,
      "the annotation a is not a string",
    ],
    [
      "has half a platform",
      { ...index, manifests: [{ ...blob, platform: { os: "linux" } }] },
      undefined,
      "a platform must have an os and an architecture",
    ],
  ])("that %s is refused", (_name, document, declared, reason) => {
    expect(() => parse(document, declared)).toThrow("The manifest of r.example/s:1 is not valid: ");
    expect(() => parse(document, declared)).toThrow(reason);
  });

  test("that is not UTF-8 is refused", () => {
    expect(() => parseManifestDocument(Uint8Array.of(0x22, 0xff, 0x22), mediaTypes.manifest, "x")).toThrow(
      "not JSON",
    );
  });

  test("is either read or refused, whatever it contains", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        try {
          parse(value, mediaTypes.index);
        } catch (error) {
          expect(String(error)).toContain("The manifest of r.example/s:1 is not valid");
        }
      }),
    );
  });

  test("may have an annotation called __proto__, which is only text", () => {
    const bytes = Buffer.from(
      `{"schemaVersion":2,"mediaType":"${mediaTypes.index}","manifests":[],"annotations":{"__proto__":"x"}}`,
    );
    const { annotations } = parseManifestDocument(bytes, undefined, "x").document;
    expect(Object.getPrototypeOf(annotations)).toBe(Object.prototype);
    expect(Object.entries(annotations ?? {})).toEqual([["__proto__", "x"]]);
  });
});
