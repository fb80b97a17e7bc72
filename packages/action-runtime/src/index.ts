export { commitEpoch, type GitHubEvent, type Pushed, readEvent } from "./event.ts";
export { runAction } from "./failure.ts";
export { choice, flag, lines, pairs, requiredText, text } from "./inputs.ts";
export { type Built, type Publication, runPublishing } from "./publishing.ts";
export { type PublishingInputs, packagesHost, readPublishingInputs } from "./publishing-inputs.ts";
export { formatBytes } from "./report.ts";
export { sourceDate } from "./source-date.ts";
export { automaticAliases, automaticTag, reasonToKeep, releaseVersion, requireTag, slugOf } from "./tag.ts";
