import {
  type Fetch,
  notesOf,
  type RetryOptions,
  repeat,
  retryPolicy,
  type TransientFailure,
  transientError,
} from "@spin-publisher/http";
import { isObject, type JsonObject, objectsOf } from "@spin-publisher/json";

/** GitHub's REST API for one repository; `path` follows `/repos/<owner>/<name>/`. */
export interface GitHub {
  /** Every object of a list, all pages. @throws Error where the path does not exist, or has too many. */
  list(path: string): Promise<readonly JsonObject[]>;
  get(path: string): Promise<JsonObject | undefined>;
  write(method: "POST" | "PATCH", path: string, body: JsonObject): Promise<JsonObject>;
  /**
   * Runs work that reads what exists and creates what is missing. After a transient failure it starts again with the
   * reading: a POST whose answer was lost may have created what it should, and is therefore never sent again by itself.
   */
  creating<Result>(work: () => Promise<Result>): Promise<Result>;
}

export interface GitHubOptions {
  readonly fetch: Fetch;
  /** `https://api.github.com`. */
  readonly apiUrl: string;
  /** `owner/name`. */
  readonly repository: string;
  readonly token: string;
  readonly retry?: RetryOptions;
}

/** GitHub's API refused a request. */
class GitHubRefusal extends Error {
  /** Why the answer may be different later. */
  readonly transient: TransientFailure | undefined;

  constructor(message: string, transient: TransientFailure | undefined) {
    super(message);
    this.transient = transient;
  }
}

/** A list with more pages than this is refused: half a list must never look like all of it. */
const mostPages = 100;
const pageSize = 100;

/** The API of one repository, with the token of a job. Each request is retried by `fetch`, except POST: see `creating`. */
export function createGitHub({ fetch, apiUrl, repository, token, retry }: GitHubOptions): GitHub {
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
      ...(method === "POST" ? { retry: "never" } : {}),
    });
    const text = await response.text();
    if (response.status === 404 && method === "GET") return undefined;
    if (!response.ok) {
      throw new GitHubRefusal(
        refusalOf(method, path, response.status, text),
        method === "POST" ? notesOf(response).transient : undefined,
      );
    }
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
        if (items.length < pageSize) return found;
      }
      throw new Error(
        `GitHub lists more than ${mostPages * pageSize} ${path} of ${repository}, which is more than this action reads.`,
      );
    },
    async get(path) {
      const answer = await send("GET", path);
      return answer === undefined ? undefined : objectAt(answer, path);
    },
    write: async (method, path, body) => objectAt(await send(method, path, body), path),
    creating: (work) =>
      repeat(
        work,
        (error) => (error instanceof GitHubRefusal ? error.transient : transientError(error)),
        retryPolicy({ attempts: 3, ...retry }),
      ),
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
