import { resolve } from "node:path";
import { compareBytes } from "@spin-publisher/archive";
import { messageOf } from "@spin-publisher/errors";
import { type JsonObject, objectsOf, parseObject } from "@spin-publisher/json";
import {
  type LockedApp,
  type LockedComponent,
  lockedAppLayer,
  parseWholeLockedApp,
} from "@spin-publisher/spin-artifact";
import { type Content, contentOf } from "../files/content.ts";
import type { PreparedFile } from "../files/prepare.ts";
import { ManifestError } from "../manifest/error.ts";
import type { Application } from "../manifest/model.ts";
import { resolveSource, type SourceContext } from "../sources/resolve.ts";
import { type Execute, environmentForOthers, findOnPath } from "./execute.ts";
import { type AssembledApp, type AssemblyContext, prepareAllFiles } from "./native.ts";
import { spinFeatures } from "./needs-spin.ts";
import { type Pushed, startSink } from "./sink.ts";

export type SpinContext = AssemblyContext & {
  /** The manifest's file. */
  readonly manifest: string;
  readonly environment: NodeJS.ProcessEnv;
  readonly execute: Execute;
  readonly log: (line: string) => void;
};

/**
 * Assembles an application with the `spin` on PATH: it pushes into a sink in this process, and the modules and the
 * locked application that it pushed are put into our deterministic order. Files come from disk, as with the other engine;
 * a check ensures that both mean the same files.
 *
 * @throws ManifestError when there is no `spin`, naming what in the manifest needs it; Error when it fails.
 */
export async function assembleWithSpin(
  application: Application,
  context: SpinContext,
): Promise<AssembledApp> {
  const spin = await findSpin(application, context);
  const { byComponent, warnings } = await prepareAllFiles(application, context);
  await fetchModules(application, context);
  const sink = await startSink();
  try {
    await push(spin, sink.reference, application.profile, context);
    const { app, modules } = readPushed(sink.pushed());
    requireComposed(application, app);
    const files = new Map(byComponent.flat().map((file) => [file.content.digest, file]));
    const ordered = app.components.map(sortFiles);
    return {
      app: { ...app, components: ordered },
      layers: ordered.map((component) => ({
        module: modules(component),
        files: component.files.map((file) => fileOf(component, file, files)),
      })),
      warnings,
    };
  } finally {
    await sink.close();
  }
}

async function findSpin(
  application: Application,
  { environment, execute, folder, log }: SpinContext,
): Promise<string> {
  const spin = await findOnPath("spin", environment);
  if (spin !== undefined) {
    const { stdout } = await execute({
      file: spin,
      arguments: ["--version"],
      folder,
      env: environmentForOthers(environment),
      output: "collect",
    });
    log(`  assembled by ${stdout.trim()}`);
    return spin;
  }
  const step = "it is not on PATH; add a step with the action setup-spin before this one";
  const [feature] = spinFeatures(application);
  if (feature === undefined) throw new Error(`The engine cli runs spin, but ${step}.`);
  throw new ManifestError(feature.line, `${feature.what} needs spin, but ${step}`);
}

/**
 * Modules that are pinned by URL go into the cache that `spin` shares with us, verified: it trusts that cache without
 * looking, and what it would download itself would pass by mirrors and proxies.
 */
async function fetchModules(application: Application, context: SourceContext): Promise<void> {
  const nowhere = async () => undefined;
  for (const component of application.components) {
    if (component.source.kind === "package") continue;
    await resolveSource(component, { ...context, sizeInRegistry: nowhere });
  }
}

async function push(
  spin: string,
  reference: string,
  profile: string | undefined,
  context: SpinContext,
): Promise<void> {
  const { manifest, folder, environment, execute } = context;
  const direct = [environment.NO_PROXY ?? environment.no_proxy, "127.0.0.1"]
    .filter((hosts) => hosts !== undefined)
    .join(",");
  const { exitCode, stderr } = await execute({
    file: spin,
    arguments: [
      ...["registry", "push", "--insecure", "--from", resolve(manifest)],
      ...(profile === undefined ? [] : ["--profile", profile]),
      reference,
    ],
    folder,
    // Files are taken from disk: one archive for each component is the quickest way to get rid of them.
    env: {
      ...environmentForOthers(environment),
      SPIN_OCI_ARCHIVE_LAYERS: "1",
      NO_PROXY: direct,
      no_proxy: direct,
    },
    output: "collect",
  });
  if (exitCode === 0) return;
  throw new Error("spin could not assemble the application; its message follows.", {
    cause: new Error(stderr.trim() || `it ended with exit code ${exitCode}`),
  });
}

interface PushedApp {
  readonly app: LockedApp;
  readonly modules: (component: LockedComponent) => Content;
}

function readPushed(pushed: Pushed): PushedApp {
  const lockedApp = lockedAppLayer(layersOf(parseObject(pushed.manifest, "The manifest that spin pushed")));
  if (lockedApp === undefined) {
    throw new Error("What spin pushed has no locked application; this action works with Spin 2.0 and newer.");
  }
  try {
    return {
      app: parseWholeLockedApp(pushed.blob(lockedApp.digest)),
      modules: ({ source }) => contentOf(pushed.blob(source.digest)),
    };
  } catch (error) {
    throw new Error(
      `The installed spin describes the application in a way that this action does not know: ${messageOf(error)}. Use another version of Spin, or a newer one of this action.`,
    );
  }
}

function layersOf(manifest: JsonObject): readonly { readonly mediaType: string; readonly digest: string }[] {
  return (objectsOf(manifest.layers) ?? []).flatMap(({ mediaType, digest }) =>
    typeof mediaType === "string" && typeof digest === "string" ? [{ mediaType, digest }] : [],
  );
}

/** An older `spin` takes the dependencies of a trigger for one of its settings, and publishes what cannot run. */
function requireComposed(application: Application, { triggers }: LockedApp): void {
  for (const { id, dependenciesLine } of application.triggers) {
    const left = triggers.find((trigger) => trigger.id === id)?.config.has("dependencies") === true;
    if (dependenciesLine !== undefined && left) {
      throw new ManifestError(
        dependenciesLine,
        `the installed spin does not support dependencies of triggers ("${id}"); install Spin 4.1 or newer`,
      );
    }
  }
}

function sortFiles(component: LockedComponent): LockedComponent {
  const files = [...component.files].sort((left, right) => compareBytes(left.path, right.path));
  return { ...component, files };
}

function fileOf(
  { id }: LockedComponent,
  { path, digest }: LockedComponent["files"][number],
  files: ReadonlyMap<string, PreparedFile>,
) {
  const file = files.get(digest);
  if (file !== undefined) return { key: file.origin, content: file.content };
  throw new Error(
    `spin published "${path}" of component "${id}" with content that no file of the application has. Did something change it while it was being published?`,
  );
}
