import { type Answer, json } from "./answer.ts";

/** The API's answer when the hourly allowance is used up (docs.github.com, "Rate limits for the REST API"). */
export function rateLimited(
  options: {
    readonly status?: 403 | 429;
    /** Seconds since the epoch. */
    readonly resetAt?: number;
    /** Seconds; sent by the secondary limits only. */
    readonly retryAfter?: number;
  } = {},
): Answer {
  const secondary = options.retryAfter !== undefined;
  const message = secondary
    ? "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."
    : "API rate limit exceeded for 127.0.0.1.";
  return json(
    options.status ?? 403,
    {
      message,
      documentation_url: "https://docs.github.com/rest/overview/resources-in-the-rest-api#rate-limiting",
    },
    secondary
      ? { "retry-after": String(options.retryAfter) }
      : {
          "x-ratelimit-limit": "60",
          "x-ratelimit-remaining": "0",
          "x-ratelimit-used": "60",
          "x-ratelimit-reset": String(options.resetAt ?? 1_800_000_000),
        },
  );
}

/** The same answer, broken off in the middle of its body. */
export function truncated(answer: Answer): Answer {
  return { ...answer, cutAfter: Math.floor(Buffer.from(answer.body ?? "").length / 2) };
}

/** The same answer, with one bit of its body turned over. */
export function corrupted(answer: Answer): Answer {
  const body = Buffer.from(answer.body ?? "");
  const middle = Math.floor(body.length / 2);
  body[middle] = (body[middle] ?? 0) ^ 1;
  return { ...answer, body };
}

/** The same answer, which stops after its headers and never ends. */
export function hung(answer: Answer): Answer {
  return { ...answer, hangs: true };
}
