import { createHash } from "node:crypto";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { gunzipSync } from "node:zlib";
import { gzip, type TarEntry, tar } from "@spin-publisher/archive";
import { type Artifact, type Blob, blobOf, type Manifest, manifestOf, mediaTypes } from "@spin-publisher/oci";
import { type SpinBinary, type SpinRelease, spinReleases, standInSpin } from "./spin-releases.ts";

const architectures = ["amd64", "arm64"] as const;

/**
 * The official distroless Spin image of a release, as its stand-in: an index over two architectures and, as BuildKit
 * adds them, an attestation manifest for each, whose platform is `unknown/unknown`.
 */
export async function spinBaseImage(
  release: SpinRelease,
  binary: SpinBinary = standInSpin,
): Promise<Artifact> {
  const system = await layer([
    { type: "directory", path: "etc" },
    file(
      "etc/passwd",
      "root:x:0:0:root:/root:/sbin/nologin\nnonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin\n",
    ),
    file("etc/group", "root:x:0:\nnonroot:x:65532:\n"),
    file("etc/os-release", 'NAME="Distroless"\nPRETTY_NAME="The sandbox\'s stand-in for Distroless"\n'),
    { type: "directory", path: "tmp" },
  ]);
  const images = await Promise.all(
    architectures.map(async (architecture) => {
      const target = `static-linux-${architecture === "arm64" ? "aarch64" : architecture}`;
      const spin = await layer([
        { type: "directory", path: "usr" },
        { type: "directory", path: "usr/local" },
        { type: "directory", path: "usr/local/bin" },
        {
          type: "file",
          path: "usr/local/bin/spin",
          bytes: await binary(release.tag, target),
          executable: true,
        },
      ]);
      return image(release, architecture, [system, spin]);
    }),
  );
  const children = images.flatMap((manifest) => [manifest, attestation(manifest)]);
  const document = {
    schemaVersion: 2,
    mediaType: mediaTypes.index,
    manifests: children.map(({ descriptor }) => descriptor),
  };
  return { root: manifestOf(mediaTypes.index, JSON.stringify(document), { children }) };
}

/**
 * Puts the base images of all stable releases where a registry finds them, as `spinframework/spin:<tag>-distroless`.
 * It may be running.
 *
 * @param root the registry's folder, with one OCI image layout for each repository.
 */
export async function seedSpinImages(
  root: string,
  releases: readonly SpinRelease[] = spinReleases,
  binary: SpinBinary = standInSpin,
): Promise<void> {
  const layout = join(root, "spinframework", "spin");
  const manifests = [];
  for (const release of releases.filter(({ tag }) => /^v\d+\.\d+\.\d+$/.test(tag))) {
    const { root: index } = await spinBaseImage(release, binary);
    for (const part of [index, ...index.children]) {
      await writeBlob(layout, part.descriptor.digest, part.bytes);
      for (const { descriptor, source } of part.blobs)
        if (source.kind === "bytes") await writeBlob(layout, descriptor.digest, source.bytes);
    }
    const annotations = { "org.opencontainers.image.ref.name": `${release.tag}-distroless` };
    manifests.push({ ...index.descriptor, annotations });
  }
  await writeOnce(join(layout, "oci-layout"), JSON.stringify({ imageLayoutVersion: "1.0.0" }));
  await writeOnce(
    join(layout, "index.json"),
    JSON.stringify({ schemaVersion: 2, mediaType: mediaTypes.index, manifests }),
  );
}

function image(release: SpinRelease, architecture: string, layers: readonly Blob[]): Manifest {
  const config = blobOf(
    mediaTypes.config,
    JSON.stringify({
      architecture,
      os: "linux",
      created: release.publishedAt,
      config: {
        Env: [
          "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
          "SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt",
        ],
        Entrypoint: ["/usr/local/bin/spin"],
        WorkingDir: "/",
      },
      rootfs: { type: "layers", diff_ids: layers.map(diffId) },
      history: [
        { created: "1970-01-01T00:00:00Z", created_by: "distroless" },
        { created: release.publishedAt, created_by: "COPY spin /usr/local/bin/spin # buildkit" },
        { created: release.publishedAt, created_by: 'ENTRYPOINT ["/usr/local/bin/spin"]', empty_layer: true },
      ],
    }),
  );
  return manifest(config, layers, { platform: { os: "linux", architecture } });
}

function attestation(subject: Manifest): Manifest {
  const config = blobOf(
    mediaTypes.config,
    JSON.stringify({
      architecture: "unknown",
      os: "unknown",
      config: {},
      rootfs: { type: "layers", diff_ids: [] },
    }),
  );
  const statement = blobOf(
    "application/vnd.in-toto+json",
    JSON.stringify({ standIn: true, subject: subject.descriptor.digest }),
  );
  return manifest(config, [statement], {
    annotations: {
      "vnd.docker.reference.digest": subject.descriptor.digest,
      "vnd.docker.reference.type": "attestation-manifest",
    },
    platform: { os: "unknown", architecture: "unknown" },
  });
}

function manifest(config: Blob, layers: readonly Blob[], extra: Parameters<typeof manifestOf>[3]): Manifest {
  const document = {
    schemaVersion: 2,
    mediaType: mediaTypes.manifest,
    config: config.descriptor,
    layers: layers.map(({ descriptor }) => descriptor),
  };
  return manifestOf(mediaTypes.manifest, JSON.stringify(document), { blobs: [config, ...layers] }, extra);
}

async function layer(entries: readonly TarEntry[]): Promise<Blob> {
  return blobOf(mediaTypes.layerTarGzip, gzip(await tar(entries)));
}

/** The digest of a layer's tar, before compression (image-spec, config.md). */
function diffId({ source }: Blob): string {
  if (source.kind !== "bytes") throw new Error("A layer of a stand-in is held in memory.");
  return `sha256:${createHash("sha256").update(gunzipSync(source.bytes)).digest("hex")}`;
}

function file(path: string, content: string): TarEntry {
  return { type: "file", path, bytes: Buffer.from(content) };
}

async function writeBlob(layout: string, digest: string, content: Uint8Array): Promise<void> {
  await writeOnce(join(layout, "blobs", ...digest.split(":")), content);
}

/** Leaves a file alone that already has this content, and replaces any other in one step. */
async function writeOnce(path: string, content: Uint8Array | string): Promise<void> {
  const present = await readFile(path).catch(() => undefined);
  if (present?.equals(Buffer.from(content)) === true) return;
  await mkdir(dirname(path), { recursive: true });
  await writeFile(`${path}.new`, content);
  await rename(`${path}.new`, path);
}
