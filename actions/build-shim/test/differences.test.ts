import { describe, expect, test } from "@jest/globals";
import { type Annotations, type Manifest, manifestOf, mediaTypes } from "@spin-publisher/oci";
import { differences } from "../src/image/differences.ts";
import { fetchedManifest, foreignImage, foreignIndex } from "./stored-images.ts";

function index(
  annotations: Annotations,
  architectures: readonly string[] = ["amd64"],
  _image = "a",
): Manifest {
  const children = architectures.map((architecture) =>
    manifestOf(mediaTypes.manifest, "{}", {}, { platform: { os: "linux", architecture } }),
  );
  const manifests = children.map(({ descriptor }) => descriptor);
  const document = { schemaVersion: 2, mediaType: mediaTypes.index, manifests, annotations };
  return manifestOf(mediaTypes.index, JSON.stringify(document), { children });
}

const between = (there: Manifest, here: Manifest) =>
  differences(fetchedManifest(there), { root: here }, async (digest) => {
    const image = there.children.find(({ descriptor }) => descriptor.digest === digest);
    const config = image?.blobs[0]?.source;
    return config?.kind === "bytes" ? JSON.parse(new TextDecoder().decode(config.bytes)) : {};
  });

/** A shim of one image with these settings, and one more layer where the text is another. */
const shimWith = (config: object, text = "a") => {
  const layers = [{ mediaType: mediaTypes.layerTarGzip, text }];
  const image = foreignImage({ architecture: "amd64", config: { config }, layers });
  const platform = { os: "linux", architecture: "amd64" };
  return foreignIndex([{ platform, image }]);
};
const digest = `sha256:${"0".repeat(64)}`;
const layers = JSON.stringify({ "modules/1 x": { digest, size: 1, diffId: digest } });

describe("the difference between a published shim and a new one", () => {
  test.each<[string, Manifest, Manifest, string[]]>([
    [
      "the content",
      index({ "io.github.spin-publisher.content": "a@1" }),
      index({ "io.github.spin-publisher.content": "a@2" }),
      ["content: a@1 in the registry, a@2 in this run"],
    ],
    [
      "what is embedded",
      index({}),
      index({ "io.github.spin-publisher.layers": layers }),
      ["embedded layers: none in the registry, modules/1 x in this run"],
    ],
    [
      "Spin",
      index({ "io.github.spin-publisher.spin": "4.0.1" }),
      index({ "io.github.spin-publisher.spin": "4.0.2" }),
      ["Spin: 4.0.1 in the registry, 4.0.2 in this run"],
    ],
    [
      "an annotation",
      index({ team: "a" }),
      index({}),
      ["annotation team: a in the registry, none in this run"],
    ],
    [
      "the platforms",
      index({}),
      index({}, ["amd64", "arm64"]),
      ["platforms: linux/amd64 in the registry, linux/amd64, linux/arm64 in this run"],
    ],
    [
      "labels and settings",
      shimWith({ Labels: { a: "1", b: "2" }, User: "0" }),
      shimWith({ Labels: { a: "1", c: "3" }, User: "1" }),
      [
        'User: "0" in the registry, "1" in this run',
        'label b: "2" in the registry, none in this run',
        'label c: none in the registry, "3" in this run',
      ],
    ],
    [
      "a layer",
      shimWith({}, "a"),
      shimWith({}, "b"),
      ["something other than the images' settings, such as a layer of the base"],
    ],
    [
      "everything",
      foreignImage({ architecture: "amd64" }),
      index({}),
      ["the tag in the registry is a single image or another artifact, not a shim"],
    ],
  ])("%s", async (_name, there, here, lines) => {
    expect(await between(there, here)).toEqual(lines);
  });
});
