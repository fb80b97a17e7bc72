import { type Fetch, readBounded } from "@spin-publisher/http";
import { digestOf } from "@spin-publisher/oci";
import { hasCredentials, printable } from "./address.ts";
import { findEntry } from "./repository-index.ts";

/** Bounds for what a chart repository sends, in bytes. */
const indexLimit = 50 * 1024 * 1024;
const packageLimit = 32 * 1024 * 1024;

/** What a chart repository answers for one version: the package itself, or its reference in a registry. */
export type RepositoryAnswer =
  /** The address is for messages: without the query that may sign it. */
  | { readonly kind: "package"; readonly bytes: Uint8Array; readonly address: string }
  | { readonly kind: "registry"; readonly reference: string };

/**
 * Fetches one version of a chart from an HTTP chart repository, which needs no `helm repo add`. The package is verified
 * against the digest in the index, which Helm does not do.
 *
 * @throws Error when the repository cannot be read, lacks the version, or serves anything but what it lists.
 */
export async function fetchFromRepository(
  repository: string,
  name: string,
  version: string,
  fetch: Fetch,
): Promise<RepositoryAnswer> {
  const base = new URL(repository);
  if (!base.pathname.endsWith("/")) base.pathname += "/";
  const indexUrl = new URL(base);
  indexUrl.pathname += "index.yaml";
  const where = `The chart repository ${repository}`;
  const index = new TextDecoder().decode(
    await get(indexUrl, indexLimit, fetch, `the index of ${repository}`),
  );
  const { urls, digest } = findEntry(index, name, version, where);
  const [first = ""] = urls;
  const url = URL.parse(first, base.href);
  if (url !== null && hasCredentials(url)) {
    throw new Error(
      `${where} lists ${name} ${version} under an address with credentials, which is not supported; vendor the chart into charts/.`,
    );
  }
  if (first.startsWith("oci://")) return { kind: "registry", reference: first.slice("oci://".length) };
  if (url === null || (url.protocol !== "https:" && url.protocol !== "http:")) {
    throw new Error(
      `${where} lists ${url === null ? "an invalid address" : `"${printable(url)}"`} for ${name} ${version}, which is not an HTTP address; report it there.`,
    );
  }
  const address = printable(url);
  if (digest === "") {
    throw new Error(
      `${where} lists ${name} ${version} without a digest, so it cannot be verified; vendor the chart into charts/.`,
    );
  }
  const bytes = await get(url, packageLimit, fetch, `the chart ${name} ${version} from ${address}`);
  const found = digestOf(bytes);
  if (found !== `sha256:${digest}`) {
    throw new Error(
      `The chart ${name} ${version} from ${address} has the digest ${found}, but ${repository} lists sha256:${digest}; it was changed after it was published; find out why before you use it.`,
    );
  }
  return { kind: "package", bytes, address };
}

async function get(url: URL, limit: number, fetch: Fetch, what: string): Promise<Uint8Array> {
  let response: Response;
  try {
    response = await fetch(url, { bodyLimit: limit });
  } catch (cause) {
    throw new Error(
      `${sentence(what)} could not be read; check "repository" in Chart.yaml and the network.`,
      { cause },
    );
  }
  if (!response.ok) {
    await response.body?.cancel();
    throw new Error(
      `${sentence(what)} could not be read: ${printable(url)} answers ${response.status}; check "repository" in Chart.yaml.`,
    );
  }
  return readBounded(response, limit, what);
}

function sentence(what: string): string {
  return what.charAt(0).toUpperCase() + what.slice(1);
}
