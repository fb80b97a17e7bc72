import type { Descriptor, Digest, FetchedManifest, RegistryReader, Repository } from "@spin-publisher/oci";
import { isDigest } from "@spin-publisher/oci";
import { spinMediaTypes } from "@spin-publisher/spin-artifact";
import { isArray, isMap, type Json } from "./locked-app/json.ts";
import { parseJson } from "./locked-app/parse-json.ts";

/** One file or module of a published application. */
export interface PublishedPart {
  /** `component/path` of a file, `component` of a module. */
  readonly name: string;
  readonly digest: Digest;
  /** In bytes; unknown for a file that travels in an archive. */
  readonly size: number | undefined;
}

/** Larger than the locked application of any site: 200,000 files have some 40 MiB. */
const largestLockedApp = 64 << 20;

/**
 * The files and modules of an application that was published earlier, perhaps by another program.
 *
 * @returns undefined where the artifact is no Spin application, or one that cannot be read.
 */
export async function publishedParts(
  reader: RegistryReader,
  repository: Repository,
  manifest: FetchedManifest,
): Promise<readonly PublishedPart[] | undefined> {
  const layers = "layers" in manifest.document ? manifest.document.layers : [];
  const lockedApp = layers.findLast(({ mediaType }) => mediaType === spinMediaTypes.lockedApp);
  if (lockedApp === undefined) return undefined;
  try {
    const bytes = await reader.blob(repository, lockedApp, largestLockedApp);
    return partsOf(parseJson(new TextDecoder("utf-8", { fatal: true }).decode(bytes)), layers);
  } catch {
    // What there is to say about an earlier version is an extra: it never stops a publication.
    return undefined;
  }
}

function partsOf(app: Json, layers: readonly Descriptor[]): readonly PublishedPart[] {
  const sizes = new Map(layers.map(({ digest, size }) => [digest, size]));
  const part = (name: string, content: Json | undefined): readonly PublishedPart[] => {
    const digest = field(content, "digest");
    if (typeof digest !== "string" || !isDigest(digest)) return [];
    const inline = field(content, "inline");
    const size = typeof inline === "string" ? Buffer.from(inline, "base64").length : sizes.get(digest);
    return [{ name, digest, size }];
  };
  return list(field(app, "components")).flatMap((component) => {
    const id = String(field(component, "id"));
    const files = list(field(component, "files")).flatMap((file) =>
      part(`${id}/${field(file, "path")}`, file),
    );
    return [...part(id, field(component, "source")), ...files];
  });
}

function field(value: Json | undefined, name: string): Json | undefined {
  return value !== undefined && isMap(value) ? value.get(name) : undefined;
}

function list(value: Json | undefined): readonly Json[] {
  return value !== undefined && isArray(value) ? value : [];
}
