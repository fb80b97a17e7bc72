import { describe, expect, test } from "@jest/globals";
import { digestOf } from "@spin-publisher/oci";
import { chartArtifact, manifestJson } from "../src/artifact/chart-artifact.ts";
import { chartMediaTypes } from "../src/chart/media-types.ts";
import { emptyMetadata } from "../src/chart/metadata.ts";

const metadata = {
  ...emptyMetadata,
  apiVersion: "v1",
  name: "signtest",
  version: "0.1.0",
  description: "A Helm chart for Kubernetes",
};
const nothing = { source: "", created: undefined, annotations: {} };
const annotationsOf = (fields: object, record: object = {}) => {
  const { root } = chartArtifact({ ...metadata, ...fields }, new Uint8Array(), { ...nothing, ...record });
  return JSON.parse(new TextDecoder().decode(root.bytes)).annotations;
};

describe("what is pushed is what helm push pushes", () => {
  test("the config, byte for byte", () => {
    const [config] = chartArtifact(metadata, new Uint8Array(), nothing).root.blobs;
    expect(config?.descriptor).toEqual({
      mediaType: "application/vnd.cncf.helm.config.v1+json",
      digest: "sha256:8d17cb6bf6ccd8c29aace9a658495cbd5e2e87fc267876e86117c7db681c9580",
      size: 99,
    });
  });

  test("the manifest, byte for byte, whichever layer comes first", () => {
    const config = {
      mediaType: chartMediaTypes.config,
      digest: "sha256:8d17cb6bf6ccd8c29aace9a658495cbd5e2e87fc267876e86117c7db681c9580",
      size: 99,
    } as const;
    const provenance = {
      mediaType: "application/vnd.cncf.helm.chart.provenance.v1.prov",
      digest: "sha256:b0a02b7412f78ae93324d48df8fcc316d8482e5ad7827b5b238657a29a22f256",
      size: 695,
    } as const;
    const chart = {
      mediaType: chartMediaTypes.content[0],
      digest: "sha256:e5ef611620fb97704d8751c16bab17fedb68883bfb0edc76f78a70e9173f9b55",
      size: 973,
    } as const;
    const annotations = {
      "org.opencontainers.image.version": "0.1.0",
      "org.opencontainers.image.title": "signtest",
      "org.opencontainers.image.description": "A Helm chart for Kubernetes",
      "org.opencontainers.image.created": "1977-09-02T22:04:05Z",
    };
    const document = manifestJson(config, [chart, provenance], annotations);
    expect(document).toHaveLength(742);
    expect(digestOf(document)).toBe(
      "sha256:fbbade96da6050f68f94f122881e3b80051a18f13ab5f4081868dd494538f5c2",
    );
  });

  test("nothing is said about when it was made, unless SOURCE_DATE_EPOCH does", () => {
    expect(annotationsOf({})["org.opencontainers.image.created"]).toBeUndefined();
    expect(annotationsOf({}, { created: "1977-09-26T22:04:05Z" })["org.opencontainers.image.created"]).toBe(
      "1977-09-26T22:04:05Z",
    );
  });
});

describe("annotations", () => {
  test("come from Chart.yaml, unless they are blank", () => {
    expect(
      annotationsOf({
        home: "https://example.com",
        description: " ",
        sources: ["https://example.com/a", "https://example.com/b"],
        maintainers: [
          { name: "A", email: "a@example.com", url: "" },
          { name: "B", email: "", url: "" },
        ],
      }),
    ).toEqual({
      "org.opencontainers.image.authors": "A (a@example.com), B",
      "org.opencontainers.image.source": "https://example.com/a",
      "org.opencontainers.image.title": "signtest",
      "org.opencontainers.image.url": "https://example.com",
      "org.opencontainers.image.version": "0.1.0",
    });
  });

  test("name the repository that publishes where Chart.yaml names no source", () => {
    const record = { source: "https://github.com/octo-org/site" };
    expect(annotationsOf({}, record)["org.opencontainers.image.source"]).toBe(record.source);
  });

  test("of the chart override what is inferred, except its identity; the user's override all", () => {
    const own = new Map([
      ["org.opencontainers.image.title", "other"],
      ["org.opencontainers.image.source", "https://example.com/own"],
      ["artifacthub.io/license", "MIT"],
    ]);
    const record = { annotations: { "artifacthub.io/license": "CC0-1.0" } };
    expect(annotationsOf({ annotations: own, sources: ["https://example.com"] }, record)).toMatchObject({
      "org.opencontainers.image.title": "signtest",
      "org.opencontainers.image.source": "https://example.com/own",
      "artifacthub.io/license": "CC0-1.0",
    });
  });
});
