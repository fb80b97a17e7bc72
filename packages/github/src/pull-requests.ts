import type { GitHub } from "./github.ts";

/** The numbers of all open pull requests. */
export async function openPullRequests(github: GitHub): Promise<ReadonlySet<number>> {
  const found = await github.list("pulls?state=open");
  return new Set(found.flatMap(({ number }) => (typeof number === "number" ? [number] : [])));
}
