// Bundles every action (or those named as arguments) into its dist/, byte for byte the same on every machine.
// With --check it writes nothing and fails where the committed dist/ differs.
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join, relative } from "node:path";
import { build, type Metafile, type Plugin } from "esbuild";

const root = join(import.meta.dirname, "..");
/** The actions that are released, and those that only our own workflows use. */
const actionFolders = ["actions", ".github/actions"];

/** Path relative to the action's folder → content. */
type Bundle = ReadonlyMap<string, Uint8Array>;

/**
 * Removes what makes up half of an action's start-up in `@actions/core`, and what none of our actions uses:
 *
 * - `import` of Node's `http` reads all its exports, and one of them loads Node's own copy of undici. `require`
 *   reads none.
 * - `@actions/http-client` and `tunnel` load `http`, `https` and `tls` although most runs send nothing through them: 12 of
 *   the 47 ms that setup-spin takes when Spin is in the tool cache. They are loaded when something of them is first read.
 * - `@actions/http-client` imports undici for a `fetch` through a proxy. Ours is in packages/http,
 *   which loads it when the first request is made; what `HttpClient` itself sends goes through `http`.
 */
const lazyNetwork: Plugin = {
  name: "lazy-network",
  setup(bundler) {
    bundler.onResolve({ filter: /^(?:node:)?(?:https?|tls)$/ }, ({ path, kind, importer }) => {
      const name = path.replace(/^node:/, "");
      if (/[\\/](?:@actions[\\/]http-client|tunnel)[\\/]/.test(importer))
        return { path: name, namespace: "lazy" };
      return kind === "import-statement" && name !== "tls"
        ? { path: name, namespace: "required" }
        : undefined;
    });
    bundler.onLoad({ filter: /.*/, namespace: "required" }, ({ path }) => ({
      contents: `module.exports = require("node:${path}")`,
    }));
    // The proxy is the prototype, because esbuild copies what a module itself has when ESM imports it.
    bundler.onLoad({ filter: /.*/, namespace: "lazy" }, ({ path }) => ({
      contents: `module.exports = Object.create(new Proxy({}, { get: (_, name) => require("node:${path}")[name] }))`,
    }));
    bundler.onResolve({ filter: /^undici$/ }, ({ path, importer }) =>
      /[\\/]@actions[\\/]http-client[\\/]/.test(importer) ? { path, namespace: "unused" } : undefined,
    );
    bundler.onLoad({ filter: /.*/, namespace: "unused" }, () => ({
      contents: `
        const unused = () => { throw new Error("This bundle makes its requests with packages/http."); };
        export class ProxyAgent { constructor() { unused(); } }
        export const fetch = unused;`,
    }));
  },
};

/**
 * `@actions/github` is one module that makes the run's `context` and loads Octokit. Declared free of side effects, what
 * is about Octokit stays out of a bundle that uses `context` alone.
 */
const contextAlone: Plugin = {
  name: "context-alone",
  setup(bundler) {
    bundler.onResolve({ filter: /^\.\/utils\.js$/ }, ({ path, importer, resolveDir }) =>
      /[\\/]@actions[\\/]github[\\/]lib[\\/]github\.js$/.test(importer)
        ? { path: join(resolveDir, path), sideEffects: false }
        : undefined,
    );
  },
};

/** The module of packages/signing that loads the Sigstore libraries. */
const sigstore = { source: join(root, "packages/signing/src/sigstore.ts"), name: "sigstore.js" } as const;

/** Leaves the Sigstore libraries to `sigstoreBundle`. */
const separateSigstore: Plugin = {
  name: "separate-sigstore",
  setup(bundler) {
    bundler.onResolve({ filter: /\/sigstore\.ts$/ }, ({ path, resolveDir }) =>
      join(resolveDir, path) === sigstore.source ? { path: `./${sigstore.name}`, external: true } : undefined,
    );
  },
};

/** Omits what the Sigstore libraries have for version 2 of the log, timestamp authorities and other CI services. */
const smallSigstore: Plugin = {
  name: "small-sigstore",
  setup(bundler) {
    const filter = /(?:protobuf-specs\/rekor\/v2|external\/tsa|\.\/ci)$/;
    bundler.onResolve({ filter }, ({ path, importer }) =>
      /[\\/]@sigstore[\\/]sign[\\/]/.test(importer) ? { path, namespace: "omitted" } : undefined,
    );
    bundler.onLoad({ filter: /.*/, namespace: "omitted" }, () => ({ contents: "module.exports = {};" }));
  },
};

const requireBanner = {
  js: 'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);',
};

/** The Sigstore libraries in one file with short names: nobody compares their class names, and it is a third smaller. */
function sigstoreBundle() {
  return build({
    absWorkingDir: root,
    entryPoints: [sigstore.source],
    outfile: join(root, sigstore.name),
    bundle: true,
    write: false,
    metafile: true,
    platform: "node",
    target: "node24",
    format: "esm",
    minify: true,
    legalComments: "none",
    logLevel: "warning",
    plugins: [smallSigstore],
    banner: requireBanner,
  });
}

/**
 * The files of an action's dist/. ESM, because the heavy modules are loaded only when used and esbuild splits
 * them off; kept names, because `@actions/cache` compares `error.name` with class names (without them a race
 * for a cache key becomes a warning); the `require` banner, because `tunnel` calls `require("net")`.
 */
async function bundle(action: string): Promise<Bundle> {
  const folder = join(root, action);
  const entries = ["index", "post"].filter((name) => existsSync(join(folder, "src", `${name}.ts`)));
  const { outputFiles, metafile } = await build({
    absWorkingDir: root,
    entryPoints: Object.fromEntries(entries.map((name) => [name, join(folder, "src", `${name}.ts`)])),
    outdir: join(folder, "dist"),
    bundle: true,
    splitting: true,
    write: false,
    metafile: true,
    platform: "node",
    target: "node24",
    format: "esm",
    chunkNames: "[name]-[hash]",
    keepNames: true,
    minifyWhitespace: true,
    minifySyntax: true,
    legalComments: "none",
    logLevel: "warning",
    plugins: [lazyNetwork, contextAlone, separateSigstore],
    banner: requireBanner,
  });
  const files = new Map<string, Uint8Array>(
    outputFiles.map((file) => [relative(join(folder, "dist"), file.path), file.contents]),
  );
  const metafiles = [metafile];
  if (
    Object.values(metafile.outputs).some(({ imports }) =>
      imports.some(({ path }) => path === `./${sigstore.name}`),
    )
  ) {
    const libraries = await sigstoreBundle();
    for (const { contents } of libraries.outputFiles) files.set(sigstore.name, contents);
    metafiles.push(libraries.metafile);
  }
  files.set("package.json", Buffer.from('{ "type": "module" }\n'));
  files.set("licenses.txt", Buffer.from(await licencesOf(metafiles)));
  return files;
}

/** The licence texts of every third-party package in a bundle, sorted by name. */
async function licencesOf(metafiles: readonly Metafile[]): Promise<string> {
  const packages = new Set<string>();
  for (const input of metafiles.flatMap(({ inputs }) => Object.keys(inputs))) {
    const match = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\/(?!.*node_modules\/)/.exec(input);
    if (match?.[1] !== undefined) packages.add(match[1]);
  }
  const texts = await Promise.all([...packages].map(licenceOf));
  return texts.sort().join(`\n${"-".repeat(80)}\n\n`);
}

async function licenceOf(folder: string): Promise<string> {
  const absolute = join(root, folder);
  const { name, version, license } = JSON.parse(await readFile(join(absolute, "package.json"), "utf8"));
  const file = (await readdir(absolute)).sort().find((entry) => /^(licen[cs]e|copying)/i.test(entry));
  const text =
    file === undefined ? "(the package ships no licence text)" : await readFile(join(absolute, file), "utf8");
  return `${name} ${version} (${license})\n\n${text.replace(/\r\n/g, "\n").trim()}\n`;
}

async function committed(action: string): Promise<Bundle> {
  const dist = join(root, action, "dist");
  const names = existsSync(dist) ? await readdir(dist) : [];
  return new Map(
    await Promise.all(names.map(async (name) => [name, await readFile(join(dist, name))] as const)),
  );
}

async function write(action: string, files: Bundle): Promise<void> {
  const dist = join(root, action, "dist");
  await rm(dist, { recursive: true, force: true });
  for (const [name, content] of files) {
    await mkdir(dirname(join(dist, name)), { recursive: true });
    await writeFile(join(dist, name), content);
  }
}

/** Names of the files that differ between two bundles, in either direction. */
export function differences(left: Bundle, right: Bundle): readonly string[] {
  return [...new Set([...left.keys(), ...right.keys()])]
    .filter((name) => Buffer.compare(left.get(name) ?? Buffer.of(0), right.get(name) ?? Buffer.of(1)) !== 0)
    .sort();
}

/** Folders of all actions, relative to the root. */
export async function actionNames(): Promise<readonly string[]> {
  const found = await Promise.all(
    actionFolders.map(async (folder) =>
      (await readdir(join(root, folder))).map((name) => `${folder}/${name}`),
    ),
  );
  return found
    .flat()
    .filter((name) => existsSync(join(root, name, "src", "index.ts")))
    .sort();
}

/** The files of a fresh build that differ from the committed dist/, as `<action>/dist/<file>`. */
export async function staleFiles(): Promise<readonly string[]> {
  const stale = await Promise.all(
    (await actionNames()).map(async (action) =>
      differences(await bundle(action), await committed(action)).map((name) => `${action}/dist/${name}`),
    ),
  );
  return stale.flat();
}

async function main(args: readonly string[]): Promise<void> {
  if (args.includes("--check")) {
    const stale = await staleFiles();
    if (stale.length > 0)
      throw new Error(`These bundles are out of date; run make dist: ${stale.join(", ")}`);
    console.log("Every committed bundle is up to date.");
    return;
  }
  const wanted = args.map((arg) => basename(arg));
  const names = await actionNames();
  for (const action of names.filter((name) => wanted.length === 0 || wanted.includes(basename(name)))) {
    const files = await bundle(action);
    await write(action, files);
    const size = [...files.values()].reduce((total, content) => total + content.length, 0);
    console.log(`${action}: ${files.size} files, ${Math.ceil(size / 1024)} KiB`);
  }
}

if (import.meta.main) await main(process.argv.slice(2));
