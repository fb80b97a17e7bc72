export type { Annotation } from "./action/commands.ts";
export {
  type EventDetails,
  type PullRequestDetails,
  pullRequest,
  pushBranch,
  pushTag,
  type WorkflowEvent,
} from "./action/event.ts";
export type { Machine } from "./action/machine.ts";
export { type ActionProcess, type ActionRun, runActionProcess } from "./action/process.ts";
