import { gzip, type TarEntry, tar } from "@spin-publisher/archive";
import {
  type Blob,
  blobOf,
  type Digest,
  type FetchedManifest,
  formatReference,
  type ImageIndex,
  type ImageManifest,
  type Manifest,
  manifestOf,
  mediaTypes,
  type Platform,
  parseReference,
  type RegistryReader,
} from "@spin-publisher/oci";

/** A registry's pull side in memory: what a test puts there, and a count of what was asked. */
export interface StoredImages extends RegistryReader {
  /** Stores a manifest with everything below it, by digest and under `tag`. */
  put(repository: string, manifest: Manifest, tag?: string): void;
  readonly asked: string[];
}

export function storedImages(): StoredImages {
  const manifests = new Map<string, FetchedManifest>();
  const blobs = new Map<string, Uint8Array>();
  const asked: string[] = [];
  const put = (repository: string, manifest: Manifest, tag?: string): void => {
    const { registry, name } = parseReference(repository);
    for (const child of manifest.children) put(repository, child);
    for (const { descriptor, source } of manifest.blobs) {
      if (source.kind === "bytes") blobs.set(`${registry}/${name}@${descriptor.digest}`, source.bytes);
    }
    const fetched = fetchedManifest(manifest);
    for (const at of [`@${manifest.descriptor.digest}`, ...(tag === undefined ? [] : [`:${tag}`])]) {
      manifests.set(`${registry}/${name}${at}`, fetched);
    }
  };
  return {
    put,
    asked,
    async manifest({ registry, name, tag, digest }) {
      const key = formatReference({
        registry,
        name,
        ...(digest === undefined ? { tag: tag ?? "latest" } : { digest }),
      });
      asked.push(key);
      return manifests.get(key);
    },
    async blob({ registry, name }, { digest }, limit) {
      const key = `${registry}/${name}@${digest}`;
      asked.push(key);
      const bytes = blobs.get(key);
      if (bytes === undefined || bytes.length > limit) throw new Error(`no blob ${key}`);
      return bytes;
    },
    async tags() {
      return [];
    },
  };
}

export function fetchedManifest({ descriptor, bytes }: Manifest): FetchedManifest {
  const document: ImageManifest | ImageIndex = JSON.parse(new TextDecoder().decode(bytes));
  return { descriptor, bytes, document };
}

/** What the documents of a base image hold; tests override what they are about. */
export interface ForeignImage {
  readonly architecture: string;
  readonly config?: Readonly<Record<string, unknown>>;
  readonly manifest?: Readonly<Record<string, unknown>>;
  readonly layers?: readonly { readonly mediaType: string; readonly text: string; readonly extra?: object }[];
  readonly docker?: boolean;
}

/** An image as another builder might have made it, complete with fields that we do not know. */
export function foreignImage({
  architecture,
  config,
  manifest,
  layers,
  docker = false,
}: ForeignImage): Manifest {
  const type = docker ? "application/vnd.docker.image.rootfs.diff.tar.gzip" : mediaTypes.layerTarGzip;
  const blobs = (layers ?? [{ mediaType: type, text: `spin for ${architecture}` }]).map(
    ({ mediaType, text, extra }): Blob => {
      const blob = blobOf(mediaType, text);
      return { ...blob, descriptor: { ...blob.descriptor, ...extra } };
    },
  );
  const configBlob = blobOf(
    docker ? "application/vnd.docker.container.image.v1+json" : mediaTypes.config,
    JSON.stringify({
      architecture,
      os: "linux",
      created: "2026-06-23T10:00:00Z",
      config: { Entrypoint: ["/usr/local/bin/spin"], Env: ["PATH=/usr/local/bin:/usr/bin"], WorkingDir: "/" },
      rootfs: { type: "layers", diff_ids: blobs.map(({ descriptor }) => diffIdOf(descriptor.digest)) },
      history: blobs.map((_, index) => ({ created_by: `step ${index}` })),
      ...config,
    }),
  );
  const type_ = docker ? mediaTypes.dockerManifest : mediaTypes.manifest;
  const document = JSON.stringify({
    schemaVersion: 2,
    mediaType: type_,
    config: configBlob.descriptor,
    layers: blobs.map(({ descriptor }) => descriptor),
    ...manifest,
  });
  return manifestOf(type_, document, { blobs: [configBlob, ...blobs] });
}

/** Stands for the digest of the uncompressed layer; nothing here unpacks one. */
export function diffIdOf(digest: Digest): Digest {
  return `sha256:${[...digest.slice(7)].reverse().join("")}`;
}

export function foreignIndex(
  images: readonly { readonly platform: Platform; readonly image: Manifest }[],
  docker = false,
): Manifest {
  const mediaType = docker ? mediaTypes.dockerManifestList : mediaTypes.index;
  const children = images.map(({ platform, image }) => ({
    ...image,
    descriptor: { ...image.descriptor, platform },
  }));
  const manifests = children.map(({ descriptor }) => descriptor);
  return manifestOf(mediaType, JSON.stringify({ schemaVersion: 2, mediaType, manifests }), { children });
}

/** The official image's shape: two architectures and an attestation for each, as BuildKit lists them. */
export function spinImage(release = "4.0.2"): Manifest {
  const image = (architecture: string) =>
    foreignImage({
      architecture,
      layers: [{ mediaType: mediaTypes.layerTarGzip, text: `spin ${release} ${architecture}` }],
    });
  return foreignIndex([
    { platform: { architecture: "amd64", os: "linux" }, image: image("amd64") },
    { platform: { architecture: "arm64", os: "linux" }, image: image("arm64") },
    { platform: { architecture: "unknown", os: "unknown" }, image: image("unknown") },
  ]);
}

/** What an application is made of; tests override what they are about. */
export interface ApplicationParts {
  readonly components: readonly {
    readonly id: string;
    readonly module: string;
    /** Path → content; up to 128 bytes go into the lock itself. */
    readonly files: Readonly<Record<string, string>>;
  }[];
  readonly triggerTypes?: readonly string[];
  /** Files travel in one archive and not in a layer each. */
  readonly archive?: boolean;
  /** Changes the lock before it is stored. */
  readonly edit?: (lock: Record<string, unknown>) => void;
}

const wasm = (module: string) => blobOf("application/vnd.wasm.content.layer.v1+wasm", `\0asm ${module}`);

/** A Spin application as `spin registry push` stores it. */
export async function application(parts: ApplicationParts): Promise<Manifest> {
  const layers = new Map<string, Blob>();
  const archived: TarEntry[] = [];
  const add = (blob: Blob) => layers.set(`${blob.descriptor.mediaType} ${blob.descriptor.digest}`, blob);
  const locked = parts.components.map(({ id, module, files }) => {
    const source = wasm(module);
    add(source);
    const listed = Object.entries(files).map(([path, content]) => {
      const data = blobOf("application/vnd.wasm.content.layer.v1+data", content);
      const { digest } = data.descriptor;
      if (content.length <= 128) {
        return { inline: Buffer.from(content).toString("base64").replace(/=+$/, ""), digest, path };
      }
      if (parts.archive === true) {
        archived.push({ type: "file", path: digest.slice(7), bytes: Buffer.from(content) });
      } else add(data);
      return { digest, path };
    });
    return {
      id,
      source: { content_type: "application/wasm", digest: source.descriptor.digest },
      ...(listed.length === 0 ? {} : { files: listed }),
    };
  });
  if (parts.archive === true) {
    add(blobOf("application/vnd.wasm.content.bundle.v1.tar+gzip", gzip(await tar(archived))));
  }
  const lock: Record<string, unknown> = {
    spin_lock_version: 0,
    metadata: { name: "site" },
    triggers: (parts.triggerTypes ?? ["http"]).map((type, index) => ({
      id: `trigger-${index}`,
      trigger_type: type,
      trigger_config: { component: locked[0]?.id, route: "/..." },
    })),
    components: locked,
  };
  parts.edit?.(lock);
  add(blobOf("application/vnd.fermyon.spin.application.v1+config", JSON.stringify(lock)));
  const config = blobOf(
    mediaTypes.config,
    JSON.stringify({ architecture: "wasm", os: "wasip1", rootfs: { type: "layers", diff_ids: [] } }),
  );
  const blobs = [...layers.values()];
  const document = JSON.stringify({
    config: config.descriptor,
    layers: blobs.map(({ descriptor }) => descriptor),
    schemaVersion: 2,
  });
  return manifestOf(mediaTypes.manifest, document, { blobs: [config, ...blobs] });
}

/** An application of one module and one page. */
export function site(page = "<h1>hello</h1>"): Promise<Manifest> {
  return application({
    components: [{ id: "site", module: "bartholomew", files: { "index.html": page.padEnd(200) } }],
  });
}
