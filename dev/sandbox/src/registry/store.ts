import { randomUUID } from "node:crypto";
import { type FileHandle, link, mkdir, open, readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Digest } from "@spin-publisher/oci";
import { exclusively } from "./exclusively.ts";
import {
  absent,
  blobPath,
  formatLayoutIndex,
  type RepositoryIndex,
  readLayoutIndex,
  type StoredManifest,
  versionOf,
} from "./layout-index.ts";
import { isRepositoryName } from "./route.ts";

/**
 * The registry's disk: one OCI image layout for each repository, at `<root>/<name>`. Everything appears under its
 * final name by a rename or a link, so neither a reader nor a killed process ever sees half a file. Several
 * processes may work on the same root. Names and digests must be validated before.
 */
export interface Store {
  /** Names of all repositories, sorted. */
  repositories(): Promise<readonly string[]>;
  /** undefined where nothing was ever pushed. */
  index(repository: string): Promise<RepositoryIndex | undefined>;
  /** Changes tags and manifests of a repository, one writer after the other. */
  change<Result>(repository: string, edit: (index: EditableIndex) => Promise<Result>): Promise<Result>;
  /** The size of a blob in bytes, or undefined where the repository does not hold it. */
  blobSize(repository: string, digest: Digest): Promise<number | undefined>;
  openBlob(repository: string, digest: Digest): Promise<FileHandle | undefined>;
  /** Moves a finished file, made at a `temporaryPath`, into the repository. */
  adopt(repository: string, digest: Digest, file: string): Promise<void>;
  /** Shares a blob of another repository by a hard link; false where that one does not hold it. */
  share(from: string, to: string, digest: Digest): Promise<boolean>;
  /** false where it was not there. */
  removeBlob(repository: string, digest: Digest): Promise<boolean>;
  /** A new file name in the same file system. */
  temporaryPath(): string;
  /** Removes unfinished uploads. */
  close(): Promise<void>;
}

export interface EditableIndex extends RepositoryIndex {
  readonly manifests: Map<Digest, StoredManifest>;
  readonly tags: Map<string, Digest>;
  /** Writes a manifest's bytes and lists it. */
  add(manifest: StoredManifest, bytes: Uint8Array): Promise<void>;
}

const empty: RepositoryIndex = { manifests: new Map(), tags: new Map() };

/** Unfinished uploads of a process that was killed are kept for an hour: it might be alive. */
const leftoverMilliseconds = 3_600_000;

/** Opens the folder `root`, which is made if it is missing. */
export async function openStore(root: string): Promise<Store> {
  await removeLeftovers(join(root, ".uploads"));
  const uploads = join(root, ".uploads", randomUUID());
  await mkdir(uploads, { recursive: true });
  const cache = new Map<string, { readonly version: string; readonly index: RepositoryIndex | undefined }>();
  const layoutOf = (repository: string) => join(root, repository);
  const temporaryPath = () => join(uploads, randomUUID());

  async function index(repository: string): Promise<RepositoryIndex | undefined> {
    const version = await versionOf(join(layoutOf(repository), "index.json"));
    const cached = cache.get(repository);
    if (cached?.version === version) return cached.index;
    const fresh = await readLayoutIndex(layoutOf(repository));
    cache.set(repository, { version, index: fresh });
    return fresh;
  }

  async function place(path: string, file: string): Promise<void> {
    await mkdir(dirname(path), { recursive: true });
    await rename(file, path);
  }

  /** The first blob creates its repository, as a valid, empty layout. */
  async function placeBlob(repository: string, digest: Digest, file: string): Promise<void> {
    if ((await index(repository)) === undefined) await create(repository);
    await place(blobPath(layoutOf(repository), digest), file);
  }

  async function placeText(path: string, text: string | Uint8Array): Promise<void> {
    const file = temporaryPath();
    await writeFile(file, text);
    await place(path, file);
  }

  function locked<Result>(repository: string, work: () => Promise<Result>): Promise<Result> {
    return exclusively(join(root, ".locks", encodeURIComponent(repository)), work);
  }

  async function writeIndex(repository: string, text: string): Promise<void> {
    await placeText(
      join(layoutOf(repository), "oci-layout"),
      JSON.stringify({ imageLayoutVersion: "1.0.0" }),
    );
    await placeText(join(layoutOf(repository), "index.json"), text);
  }

  function create(repository: string): Promise<void> {
    return locked(repository, async () => {
      if ((await index(repository)) === undefined) await writeIndex(repository, formatLayoutIndex(empty));
    });
  }

  function change<Result>(
    repository: string,
    edit: (index: EditableIndex) => Promise<Result>,
  ): Promise<Result> {
    return locked(repository, async () => {
      const current = (await index(repository)) ?? empty;
      const manifests = new Map(current.manifests);
      const tags = new Map(current.tags);
      const result = await edit({
        manifests,
        tags,
        async add(manifest, bytes) {
          await placeText(blobPath(layoutOf(repository), manifest.digest), bytes);
          manifests.set(manifest.digest, manifest);
        },
      });
      const text = formatLayoutIndex({ manifests, tags });
      if (text !== formatLayoutIndex(current)) await writeIndex(repository, text);
      return result;
    });
  }

  return {
    temporaryPath,
    index,
    async repositories() {
      const entries = await readdir(root, { recursive: true });
      return entries
        .filter((path) => path.endsWith("/oci-layout"))
        .map((path) => dirname(path))
        .filter(isRepositoryName)
        .sort();
    },
    change,
    async blobSize(repository, digest) {
      return (await stat(blobPath(layoutOf(repository), digest)).catch(absent))?.size;
    },
    openBlob(repository, digest) {
      return open(blobPath(layoutOf(repository), digest)).catch(absent);
    },
    adopt(repository, digest, file) {
      return placeBlob(repository, digest, file);
    },
    async share(from, to, digest) {
      const file = temporaryPath();
      try {
        await link(blobPath(layoutOf(from), digest), file);
      } catch (error) {
        absent(error);
        return false;
      }
      await placeBlob(to, digest, file);
      await rm(file, { force: true }); // renaming one link onto another of the same file does nothing (rename(2))
      return true;
    },
    async removeBlob(repository, digest) {
      try {
        await rm(blobPath(layoutOf(repository), digest));
        return true;
      } catch (error) {
        absent(error);
        return false;
      }
    },
    close() {
      return rm(uploads, { recursive: true, force: true });
    },
  };
}

async function removeLeftovers(uploads: string): Promise<void> {
  for (const name of (await readdir(uploads).catch(absent)) ?? []) {
    const folder = join(uploads, name);
    const found = await stat(folder).catch(absent);
    if (found !== undefined && Date.now() - found.mtimeMs > leftoverMilliseconds) {
      await rm(folder, { recursive: true, force: true });
    }
  }
}
