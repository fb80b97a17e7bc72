export { upsertComment } from "./comment.ts";
export { createGitHub, type GitHub, type GitHubOptions } from "./github.ts";
export { openPullRequests } from "./pull-requests.ts";
export { publishRelease, type ReleaseNotes } from "./release.ts";
