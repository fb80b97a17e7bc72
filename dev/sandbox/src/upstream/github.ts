import { type Answer, bytes, json, redirect, type UpstreamRequest } from "./answer.ts";
import { type Asset, sha256 } from "./spin-releases.ts";

/** A repository on the stood-in GitHub, with releases, newest first. */
export interface GitHubRepository {
  readonly fullName: string;
  /** Names it had before; asking for one is answered with a redirect. */
  readonly formerNames: readonly string[];
  readonly releases: readonly Release[];
  /** Tag of the release marked as latest. */
  readonly latest: string;
}

export interface Release {
  readonly tag: string;
  readonly prerelease: boolean;
  readonly publishedAt: string;
  readonly assets: readonly Asset[];
}

/** Where redirects lead: the real origins for a client behind mirrors, the server itself for one that named it. */
export interface Origins {
  readonly web: string;
  readonly api: string;
  readonly assets: string;
}

/** GitHub's REST API: the list of releases, the latest one, and one by its tag. */
export async function answerApi(
  request: UpstreamRequest,
  repositories: readonly GitHubRepository[],
  origins: Origins,
): Promise<Answer> {
  const [, owner, name, rest = ""] = /^\/repos\/([^/]+)\/([^/]+)\/releases(\/.*)?$/.exec(request.path) ?? [];
  const repository = find(repositories, `${owner}/${name}`);
  if (repository === undefined) return notFound();
  if (repository.fullName !== `${owner}/${name}`) {
    const moved = `${origins.api}/repos/${repository.fullName}/releases${rest}?${request.query}`.replace(
      /\?$/,
      "",
    );
    return json(301, { message: "Moved Permanently", url: moved }, { location: moved });
  }
  const document = (release: Release) => releaseDocument(repository, release, origins);
  const tag =
    rest === "/latest" ? repository.latest : decodeURIComponent(/^\/tags\/(.+)$/.exec(rest)?.[1] ?? "");
  if (rest !== "") {
    const release = repository.releases.find((candidate) => candidate.tag === tag);
    return release === undefined ? notFound() : json(200, await document(release), allowance(request));
  }
  const perPage = Math.min(Number(request.query.get("per_page") ?? 30), 100);
  const page = Number(request.query.get("page") ?? 1);
  const shown = repository.releases.slice((page - 1) * perPage, page * perPage);
  const more = page * perPage < repository.releases.length;
  const next = `<${origins.api}/repos/${repository.fullName}/releases?per_page=${perPage}&page=${page + 1}>; rel="next"`;
  return json(200, await Promise.all(shown.map(document)), {
    ...allowance(request),
    ...(more ? { link: next } : {}),
  });
}

/** GitHub's web pages, as far as downloads need them. */
export async function answerDownload(
  request: UpstreamRequest,
  repositories: readonly GitHubRepository[],
  origins: Origins,
): Promise<Answer> {
  const [, owner, name, rest = ""] = /^\/([^/]+)\/([^/]+)\/releases\/(.+)$/.exec(request.path) ?? [];
  const repository = find(repositories, `${owner}/${name}`);
  if (repository === undefined) return page(404, "Not Found");
  if (repository.fullName !== `${owner}/${name}`)
    return redirect(`${origins.web}/${repository.fullName}/releases/${rest}`, 301);
  if (rest === "latest")
    return redirect(`${origins.web}/${repository.fullName}/releases/tag/${repository.latest}`);
  const path = decodeURIComponent(rest).replace(/^latest\/download\//, `download/${repository.latest}/`);
  for (const release of repository.releases) {
    if (path === `tag/${release.tag}`) return page(200, release.tag);
    if (!path.startsWith(`download/${release.tag}/`)) continue;
    const asset = release.assets.find((candidate) => path === `download/${release.tag}/${candidate.name}`);
    if (asset !== undefined)
      return redirect(`${origins.assets}${storagePath(repository, release, asset)}?sig=signed`);
  }
  return page(404, "Not Found");
}

/** The storage behind downloads. Like the real one it refuses a request with two kinds of credentials. */
export async function answerStorage(
  request: UpstreamRequest,
  repositories: readonly GitHubRepository[],
): Promise<Answer> {
  if (request.headers.authorization !== undefined)
    return {
      status: 400,
      headers: { "content-type": "application/xml" },
      body: "<Error><Code>InvalidArgument</Code></Error>",
    };
  for (const repository of repositories)
    for (const release of repository.releases)
      for (const asset of release.assets)
        if (request.path === storagePath(repository, release, asset))
          return bytes(asset.contentType, await asset.bytes());
  return {
    status: 404,
    headers: { "content-type": "application/xml" },
    body: "<Error><Code>BlobNotFound</Code></Error>",
  };
}

const storagePrefix = "/github-production-release-asset";

function storagePath(repository: GitHubRepository, release: Release, asset: Asset): string {
  return `${storagePrefix}/${sha256(Buffer.from(`${repository.fullName} ${release.tag} ${asset.name}`)).slice(0, 32)}`;
}

export function isStoragePath(path: string): boolean {
  return path.startsWith(`${storagePrefix}/`);
}

function find(repositories: readonly GitHubRepository[], name: string): GitHubRepository | undefined {
  return repositories.find(({ fullName, formerNames }) => fullName === name || formerNames.includes(name));
}

async function releaseDocument(repository: GitHubRepository, release: Release, origins: Origins) {
  const path = `${repository.fullName}/releases`;
  return {
    url: `${origins.api}/repos/${path}/tags/${release.tag}`,
    html_url: `${origins.web}/${path}/tag/${release.tag}`,
    tag_name: release.tag,
    name: release.tag,
    draft: false,
    prerelease: release.prerelease,
    created_at: release.publishedAt,
    published_at: release.publishedAt,
    assets: await Promise.all(
      release.assets.map(async (asset) => {
        const content = await asset.bytes();
        return {
          name: asset.name,
          state: "uploaded",
          content_type: asset.contentType,
          size: content.length,
          digest: `sha256:${sha256(content)}`,
          browser_download_url: `${origins.web}/${path}/download/${release.tag}/${asset.name}`,
        };
      }),
    ),
  };
}

/** Anonymous clients share 60 requests an hour and address; a job's token has 1000. */
function allowance(request: UpstreamRequest): Record<string, string> {
  const limit = request.headers.authorization === undefined ? 60 : 1000;
  return {
    "x-ratelimit-limit": String(limit),
    "x-ratelimit-remaining": String(limit - 1),
    "x-ratelimit-reset": "1800000000",
  };
}

function notFound(): Answer {
  return json(404, {
    message: "Not Found",
    documentation_url: "https://docs.github.com/rest",
    status: "404",
  });
}

function page(status: number, title: string): Answer {
  return {
    status,
    headers: { "content-type": "text/html; charset=utf-8" },
    body: `<!DOCTYPE html><title>${title}</title>`,
  };
}
