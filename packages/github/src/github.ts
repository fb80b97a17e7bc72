import type { Fetch } from "@spin-publisher/http";
import { isObject, type JsonObject, objectsOf } from "@spin-publisher/json";

/** GitHub's REST API for one repository; `path` follows `/repos/<owner>/<name>/`. */
export interface GitHub {
  /** Every object of a list, all pages. @throws Error where the path does not exist. */
  list(path: string): Promise<readonly JsonObject[]>;
  get(path: string): Promise<JsonObject | undefined>;
  write(method: "POST" | "PATCH", path: string, body: JsonObject): Promise<JsonObject>;
}

export interface GitHubOptions {
  readonly fetch: Fetch;
  /** `https://api.github.com`. */
  readonly apiUrl: string;
  /** `owner/name`. */
  readonly repository: string;
  readonly token: string;
}

/** A list with more pages than this is not one that we look through. */
const mostPages = 30;
const pageSize = 100;

export function createGitHub({ fetch, apiUrl, repository, token }: GitHubOptions): GitHub {
  const send = async (method: string, path: string, body?: JsonObject) => {
    const response = await fetch(`${apiUrl}/repos/${repository}/${path}`, {
      method,
      headers: {
        accept: "application/vnd.github+json",
        authorization: `Bearer ${token}`,
        "x-github-api-version": "2022-11-28",
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (response.status === 404 && method === "GET") return undefined;
    if (!response.ok) throw new Error(refusalOf(method, path, response.status, text));
    const answer: unknown = JSON.parse(text);
    return answer;
  };
  const objectAt = (answer: unknown, path: string): JsonObject => {
    if (isObject(answer)) return answer;
    throw new Error(`GitHub's API answered ${path} with something that is not an object.`);
  };
  return {
    async list(path) {
      const found: JsonObject[] = [];
      for (let page = 1; page <= mostPages; page += 1) {
        const separator = path.includes("?") ? "&" : "?";
        const answer = await send("GET", `${path}${separator}per_page=${pageSize}&page=${page}`);
        const items = objectsOf(answer);
        if (items === undefined) throw new Error(`GitHub has no ${path} of ${repository}.`);
        found.push(...items);
        if (items.length < pageSize) break;
      }
      return found;
    },
    async get(path) {
      const answer = await send("GET", path);
      return answer === undefined ? undefined : objectAt(answer, path);
    },
    write: async (method, path, body) => objectAt(await send(method, path, body), path),
  };
}

function refusalOf(method: string, path: string, status: number, text: string): string {
  const [, message = text.slice(0, 200)] = /"message"\s*:\s*"([^"]*)"/.exec(text) ?? [];
  const advice =
    status === 403 || status === 401
      ? `; grant the job "${path.startsWith("releases") ? "contents" : "pull-requests"}: write"`
      : "";
  return `GitHub refused ${method} ${path} with ${status}: ${message}${advice}.`;
}
