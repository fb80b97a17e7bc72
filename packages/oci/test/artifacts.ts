import {
  type Artifact,
  type Blob,
  blobOf,
  createRegistryClient,
  inspectTarget,
  type Manifest,
  manifestOf,
  mediaTypes,
  type Platform,
  type PublishPolicy,
  type PublishReport,
  publish,
  type RegistryClientOptions,
  type Repository,
} from "../src/index.ts";

/** What a site of these texts would be as one manifest: a config and a layer for each text. */
export function site(...pages: readonly string[]): Artifact {
  return { root: manifest([blobOf(mediaTypes.config, config(pages)), ...pages.map(layer)]) };
}

export function layer(text: string): Blob {
  return blobOf(mediaTypes.layerTarGzip, text);
}

function config(parts: readonly string[]): string {
  return JSON.stringify({ architecture: "wasm", os: "wasip1", config: { Labels: { parts: parts.join() } } });
}

/** The first blob is the config. */
export function manifest(blobs: readonly Blob[], platform?: Platform): Manifest {
  const [first, ...layers] = blobs.map(({ descriptor }) => descriptor);
  const document = JSON.stringify({
    schemaVersion: 2,
    mediaType: mediaTypes.manifest,
    config: first,
    layers,
  });
  return manifestOf(mediaTypes.manifest, document, { blobs }, platform === undefined ? {} : { platform });
}

/** An image for two architectures: shared base layers, a layer and a config for each release. */
export function shim(release: string, base: readonly Blob[] = []): Artifact {
  const children = ["amd64", "arm64"].map((architecture) =>
    manifest(
      [
        blobOf(mediaTypes.config, JSON.stringify({ architecture, os: "linux", release })),
        ...base,
        layer(`BUILD_ID=${release}`),
      ],
      { os: "linux", architecture },
    ),
  );
  return { root: index(children) };
}

export function index(children: readonly Manifest[]): Manifest {
  const document = JSON.stringify({
    schemaVersion: 2,
    mediaType: mediaTypes.index,
    manifests: children.map(({ descriptor }) => descriptor),
  });
  return manifestOf(mediaTypes.index, document, { children });
}

export interface Publication extends RegistryClientOptions, Partial<PublishPolicy> {
  readonly repository: Repository;
  readonly tag: string;
  readonly aliases?: readonly string[];
}

/** What an action does: a client of its own, a look, and the publication. */
export async function publishOnce(artifact: Artifact, options: Publication): Promise<PublishReport> {
  const { repository, tag, aliases = [], immutable = true, ...rest } = options;
  const client = createRegistryClient({ retry: quick, ...rest });
  const state = await inspectTarget(client, { repository, tag, aliases });
  return publish(client, artifact, state, { immutable, ...rest });
}

/** Retries that wait for nothing. */
export const quick = { sleep: async () => {}, random: () => 0 };
