// Only the context: imported by its name, so that a bundle leaves out the API client beside it (scripts/build.ts).
export { context } from "@actions/github";
