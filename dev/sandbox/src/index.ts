export type { Annotation } from "./action/commands.ts";
export { type ActionDefinition, readActionDefinition } from "./action/definition.ts";
export {
  deleteRef,
  dispatch,
  type EventDetails,
  mergeGroup,
  type PullRequestDetails,
  pullRequest,
  pushBranch,
  pushTag,
  type WorkflowEvent,
} from "./action/event.ts";
export type { Machine } from "./action/machine.ts";
export { type ActionProcess, type ActionRun, runActionProcess } from "./action/process.ts";
export {
  type CacheFault,
  type CacheMode,
  type CacheService,
  type CacheServiceOptions,
  type StoredEntry,
  startCacheService,
} from "./cache-service.ts";
export type { LoopbackServer } from "./loopback.ts";
export type { Authentication } from "./registry/authentication.ts";
export { type Fault, type FaultPlan, faultOn, stopAfter } from "./registry/fault.ts";
export { type Persona, personas, sparse } from "./registry/persona.ts";
export { type Behaviour, probeRegistry } from "./registry/probe.ts";
export type { PullThrough } from "./registry/pull-through.ts";
export { type RecordedRefusal, recordedRefusals } from "./registry/refusals.ts";
export type { RequestKind, RequestRecord } from "./registry/request-log.ts";
export { type FaultKind, type SeededFaultOptions, seededFaults } from "./registry/seeded-faults.ts";
export { type RegistryOptions, type RegistryServer, startRegistry } from "./registry/server.ts";
export type { Answer, UpstreamRequest } from "./upstream/answer.ts";
export { seedSpinImages, spinBaseImage } from "./upstream/base-image.ts";
export { corrupted, hung, rateLimited, truncated } from "./upstream/faults.ts";
export { type RelayOptions, startRelay } from "./upstream/relay.ts";
export {
  defaultClaims,
  type SigstoreOptions,
  type SigstoreServer,
  startSigstore,
} from "./upstream/sigstore.ts";
export {
  hostileArchive,
  type SpinBinary,
  type SpinRelease,
  spinArchive,
  spinReleases,
} from "./upstream/spin-releases.ts";
export {
  startUpstream,
  type Upstream,
  type UpstreamOptions,
  type UpstreamRecord,
} from "./upstream/upstream.ts";
export type { Job, Workflow } from "./workflow/document.ts";
export { matches } from "./workflow/filters.ts";
export type { WorkflowOptions } from "./workflow/frame.ts";
export type { Access, Permissions } from "./workflow/permissions.ts";
export { readWorkflow } from "./workflow/read-workflow.ts";
export type { JobRun, Outcome, StepRun, WorkflowRun } from "./workflow/result.ts";
export { runWorkflow } from "./workflow/run.ts";
export type { StandIn, StandInResult, StandInUse } from "./workflow/third-party.ts";
export { createJobTokens, type JobTokens } from "./workflow/tokens.ts";
