import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { type Artifact, mediaTypes, parseReference, writeLayout } from "@spin-publisher/oci";
import { type BuildxRequest, buildWithBuildx, buildxArguments } from "../src/buildx/build-with-buildx.ts";
import { platformDigests } from "../src/image/shim.ts";
import { parsePlatforms } from "../src/spec/platforms.ts";
import { foreignImage, foreignIndex } from "./stored-images.ts";

const digest = `sha256:${"a".repeat(64)}` as const;

function request(overrides: Partial<BuildxRequest> = {}): BuildxRequest {
  return {
    context: ".",
    dockerfile: "",
    platforms: parsePlatforms("linux/amd64,linux/arm64"),
    tag: "0.1.2",
    content: { ...parseReference("ghcr.io/owner/site/content:0.1.2"), digest },
    spinVersion: "4.0.2",
    source: "https://github.com/owner/site",
    created: undefined,
    labels: {},
    annotations: {},
    epoch: 0,
    ...overrides,
  };
}

/** A `docker` that leaves `artifact` where it is told to. */
const builderOf = (artifact: Artifact) => async (_program: string, args: readonly string[]) => {
  const folder = args.find((arg) => arg.startsWith("type=oci"))?.split("dest=")[1];
  if (folder === undefined) throw new Error("no place for the layout");
  await writeLayout(artifact, folder);
  return 0;
};

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "buildx-"));
});
afterEach(() => rm(folder, { recursive: true }));

describe("docker buildx build", () => {
  test("gets everything as arguments that must be the same from run to run", () => {
    const labels = { b: "2", a: "1 and more" };
    const annotations = { "org.opencontainers.image.version": "nightly" };
    const content = `ghcr.io/owner/site/content:0.1.2@${digest}`;
    expect(buildxArguments(request({ labels, annotations, dockerfile: "x/Dockerfile" }), "/tmp/l")).toEqual([
      ...["buildx", "build", "--progress", "plain", "--provenance", "false", "--sbom", "false"],
      ...["--platform", "linux/amd64,linux/arm64"],
      ...["--build-arg", "BUILD_ID=0.1.2"],
      ...["--build-arg", `CONTENT=${content}`],
      ...["--build-arg", "SOURCE_DATE_EPOCH=0"],
      ...["--build-arg", "SPIN_VERSION=4.0.2"],
      ...["--label", "a=1 and more", "--label", "b=2"],
      ...["--label", `io.github.spin-publisher.content=${content}`],
      ...["--label", "org.opencontainers.image.source=https://github.com/owner/site"],
      ...["--label", "org.opencontainers.image.version=0.1.2"],
      ...["--annotation", `index,manifest:io.github.spin-publisher.content=${content}`],
      ...["--annotation", "index,manifest:io.github.spin-publisher.spin=4.0.2"],
      ...["--annotation", "index,manifest:org.opencontainers.image.source=https://github.com/owner/site"],
      ...["--annotation", "index,manifest:org.opencontainers.image.version=nightly"],
      ...["--file", "x/Dockerfile"],
      ...["--output", "type=oci,tar=false,rewrite-timestamp=true,dest=/tmp/l"],
      ...["--", "."],
    ]);
  });

  test("cannot be given an option as context", () => {
    const args = buildxArguments(request({ context: "--push" }), "/tmp/l");
    expect(args.slice(-2)).toEqual(["--", "--push"]);
  });

  test("annotates the image where there is one platform and so no index", () => {
    const args = buildxArguments(
      request({ platforms: parsePlatforms("linux/amd64"), annotations: { a: "1" } }),
      "/tmp/l",
    );
    expect(args).toContain("manifest:a=1");
  });

  test("gets one time for every file and config", () => {
    expect(buildxArguments(request({ epoch: 7 }), "/tmp/l")).toContain("SOURCE_DATE_EPOCH=7");
  });

  test("builds exactly what is then published", async () => {
    const root = foreignIndex([
      { platform: { os: "linux", architecture: "amd64" }, image: foreignImage({ architecture: "amd64" }) },
    ]);
    const artifact = await buildWithBuildx(request(), folder, builderOf({ root }));
    expect(artifact.root.descriptor.digest).toBe(root.descriptor.digest);
    expect(artifact.root.descriptor.mediaType).toBe(mediaTypes.index);
  });

  test("that is not installed is one sentence", async () => {
    const run = () => Promise.reject(new Error("spawn docker ENOENT"));
    await expect(buildWithBuildx(request(), folder, run)).rejects.toThrow(
      "there is no docker program on this machine",
    );
  });

  test("that fails names what to try", async () => {
    await expect(buildWithBuildx(request(), folder, async () => 17)).rejects.toThrow(
      "ended with exit code 17, see above; if it cannot export",
    );
  });
});

test("the digests of platforms are those of an index's images, or the one image's own", () => {
  const platforms = parsePlatforms("linux/amd64");
  const image = foreignImage({ architecture: "amd64" });
  const { digest } = image.descriptor;
  const index = foreignIndex([{ platform: { os: "linux", architecture: "amd64" }, image }]);
  expect(platformDigests({ root: index }, platforms)).toEqual({ "linux/amd64": digest });
  expect(platformDigests({ root: image }, platforms)).toEqual({ "linux/amd64": digest });
});
