import type { IncomingMessage, ServerResponse } from "node:http";
import { listenOnLoopback } from "../loopback.ts";
import { type Answer, bodyOf, send, type UpstreamRequest } from "./answer.ts";
import { answerChartRepository, chartArchives } from "./chart-repository.ts";
import {
  answerApi,
  answerDownload,
  answerStorage,
  type GitHubRepository,
  isStoragePath,
  type Origins,
} from "./github.ts";
import { moduleDigests, moduleRepositories } from "./modules.ts";
import {
  latestSpinRelease,
  type SpinBinary,
  type SpinRelease,
  spinAssets,
  spinReleases,
} from "./spin-releases.ts";

export interface UpstreamOptions {
  /** 0, the default, takes a free one. */
  readonly port?: number;
  /** The releases of Spin, newest first. */
  readonly releases?: readonly SpinRelease[];
  /** Tag of the release GitHub marks as latest. */
  readonly latest?: string;
  readonly spin?: SpinBinary;
  /**
   * Receives every request with its answer, and may replace the answer: `rateLimited()`,
   * `truncated(answer)`, `corrupted(answer)`, `hung(answer)`, another body, another status.
   */
  readonly answer?: (request: UpstreamRequest, answer: Answer) => Answer | Promise<Answer>;
}

/** A request as it arrived. */
export interface UpstreamRecord {
  readonly host: string;
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly authorization: string | undefined;
}

export interface Upstream {
  /** `http://127.0.0.1:P`: answers GitHub's REST and download paths, as setup-spin's input `mirror` expects. */
  readonly origin: string;
  /** `ORIGIN_MIRRORS` for everything that is stood in for here. */
  readonly mirrors: string;
  readonly requests: readonly UpstreamRecord[];
  /** What a site has to pin to use the stand-in modules: download URL → `sha256:…`. */
  moduleDigests(): Promise<ReadonlyMap<string, string>>;
  close(): Promise<void>;
}

const hosts = [
  "api.github.com",
  "github.com",
  "release-assets.githubusercontent.com",
  "charts.companyinfo.dev",
] as const;

/**
 * Starts stand-ins for all services that the actions download from, on one loopback port. Every host has its
 * name as path prefix, so that redirects lead from one to the other as between the real hosts.
 */
export async function startUpstream(options: UpstreamOptions = {}): Promise<Upstream> {
  const releases = options.releases ?? spinReleases;
  const repositories: readonly GitHubRepository[] = [
    {
      fullName: "spinframework/spin",
      formerNames: ["fermyon/spin"],
      releases: releases.map((release) => ({ ...release, assets: spinAssets(release, options.spin) })),
      latest: options.latest ?? latestSpinRelease,
    },
    ...moduleRepositories(),
    chartArchives(),
  ];
  const requests: UpstreamRecord[] = [];

  const { origin, close } = await listenOnLoopback((request, response) => {
    respond(request, response).catch(() => response.destroy());
  }, options.port ?? 0);

  async function respond(message: IncomingMessage, response: ServerResponse): Promise<void> {
    const request = await requestOf(message);
    const usual = await answerOf(request, repositories, originsFor(request.host, origin));
    const answer = (await options.answer?.(request, usual)) ?? usual;
    const { host, method, path } = request;
    requests.push({
      host,
      method,
      path,
      status: answer.status,
      authorization: request.headers.authorization,
    });
    await send(message, response, answer);
  }

  return {
    origin,
    mirrors: hosts.map((host) => `https://${host}=${origin}/${host}`).join("\n"),
    requests,
    moduleDigests,
    close,
  };
}

function originsFor(host: string, origin: string): Origins {
  if (host === "mirror") return { web: origin, api: origin, assets: origin };
  return {
    web: "https://github.com",
    api: "https://api.github.com",
    assets: "https://release-assets.githubusercontent.com",
  };
}

async function answerOf(
  request: UpstreamRequest,
  repositories: readonly GitHubRepository[],
  origins: Origins,
): Promise<Answer> {
  switch (request.host) {
    case "api.github.com":
      return answerApi(request, repositories, origins);
    case "github.com":
      return answerDownload(request, repositories, origins);
    case "release-assets.githubusercontent.com":
      return answerStorage(request, repositories);
    case "charts.companyinfo.dev":
      return answerChartRepository(request);
    default:
      if (request.path.startsWith("/repos/")) return answerApi(request, repositories, origins);
      if (isStoragePath(request.path)) return answerStorage(request, repositories);
      return answerDownload(request, repositories, origins);
  }
}

async function requestOf(message: IncomingMessage): Promise<UpstreamRequest> {
  const url = new URL(message.url ?? "/", "http://127.0.0.1");
  const host = hosts.find((candidate) => url.pathname.startsWith(`/${candidate}/`));
  const headers = Object.entries(message.headers).map(([name, value]) => [
    name,
    value === undefined ? value : String(value),
  ]);
  return {
    host: host ?? "mirror",
    method: message.method ?? "GET",
    path: host === undefined ? url.pathname : url.pathname.slice(host.length + 1),
    query: url.searchParams,
    headers: Object.fromEntries(headers),
    body: await bodyOf(message),
  };
}
