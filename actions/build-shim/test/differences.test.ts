import { describe, expect, test } from "@jest/globals";
import { type Annotations, type Manifest, manifestOf, mediaTypes } from "@spin-publisher/oci";
import { differences } from "../src/differences.ts";
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

describe("what differs between a shim that is there and one that is wanted", () => {
  test.each<[string, Manifest, Manifest, string[]]>([
    [
      "the content",
      index({ "io.github.spin-publisher.content": "a@1" }),
      index({ "io.github.spin-publisher.content": "a@2" }),
      ["content: a@1 there, a@2 here"],
    ],
    [
      "what is embedded",
      index({}),
      index({ "io.github.spin-publisher.layers": layers }),
      ["layers made for it: none there, modules/1 x here"],
    ],
    [
      "Spin",
      index({ "io.github.spin-publisher.spin": "4.0.1" }),
      index({ "io.github.spin-publisher.spin": "4.0.2" }),
      ["Spin: 4.0.1 there, 4.0.2 here"],
    ],
    ["an annotation", index({ team: "a" }), index({}), ["annotation team: a there, none here"]],
    [
      "the platforms",
      index({}),
      index({}, ["amd64", "arm64"]),
      ["platforms: linux/amd64 there, linux/amd64, linux/arm64 here"],
    ],
    [
      "labels and settings",
      shimWith({ Labels: { a: "1", b: "2" }, User: "0" }),
      shimWith({ Labels: { a: "1", c: "3" }, User: "1" }),
      ['User: "0" there, "1" here', 'label b: "2" there, none here', 'label c: none there, "3" here'],
    ],
    [
      "a layer",
      shimWith({}, "a"),
      shimWith({}, "b"),
      ["something below the images' settings, such as a layer of the base"],
    ],
    [
      "everything",
      foreignImage({ architecture: "amd64" }),
      index({}),
      ["what is there is not a shim but a single image or artifact"],
    ],
  ])("%s", async (_name, there, here, lines) => {
    expect(await between(there, here)).toEqual(lines);
  });
});
