import { cp } from "node:fs/promises";
import { dirname } from "node:path";

/** What a stand-in for a third-party action receives. */
export interface StandInUse {
  readonly inputs: Readonly<Record<string, string>>;
  /** The job's working directory. */
  readonly workspace: string;
  /** The checkout that is run. */
  readonly source: string;
}

export interface StandInResult {
  readonly outputs?: Readonly<Record<string, string>>;
  readonly paths?: readonly string[];
  readonly log: string;
}

/** Does on this machine what a third-party action does on a runner. */
export type StandIn = (use: StandInUse) => Promise<StandInResult>;

/** The checkout is already present: every job gets its own copy. */
const checkout: StandIn = async ({ inputs, workspace, source }) => {
  const { repository = "", path = "", ref = "" } = inputs;
  // A commit is the one that the checkout stands for: a pull request's head where a runner would offer the merge.
  const refs = /^[0-9a-f]{40}$/.test(ref) ? "" : ref;
  const [foreign] = Object.entries({ repository, path, ref: refs }).find(([, value]) => value !== "") ?? [];
  if (foreign !== undefined)
    throw new Error(`The sandbox's checkout has nothing else to check out, but "${foreign}" is set.`);
  await cp(source, workspace, { recursive: true });
  return { log: "The sandbox copied the checkout into the workspace." };
};

/** The Node that runs us, whatever version is asked for. */
const setupNode: StandIn = async () => ({
  log: `The sandbox uses its own Node ${process.version}.`,
  paths: [dirname(process.execPath)],
});

export const standIns: Readonly<Record<string, StandIn>> = {
  "actions/checkout": checkout,
  "actions/setup-node": setupNode,
};
