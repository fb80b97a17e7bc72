import { cp, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pushTag, runActionProcess } from "@spin-publisher/sandbox";
import { withStandInPins } from "../../scripts/stand-in-pins.ts";

/** An artifact that one of our actions published. */
export interface PublishedArtifact {
  readonly name: "content" | "shim" | "chart";
  /** `host/repository:tag` */
  readonly tagged: string;
  readonly digest: string;
  /** Its own digest, and those of the images in it. */
  readonly digests: readonly string[];
  /** Digest of the manifest that attaches its signature. */
  readonly signature: string;
  readonly changed: boolean;
}

export interface Publisher {
  /** Runs the three actions of this repository against a registry. */
  publish(host: string): Promise<readonly PublishedArtifact[]>;
}

/** What the actions need besides their target registry. */
export interface Dependencies {
  /** `ORIGIN_MIRRORS` for GitHub, modules, charts, and ghcr.io with the base image. */
  readonly mirrors: string;
  /** Where the actions get an ID token. */
  readonly identity: Readonly<Record<string, string>>;
  /** File with the trust root of the Sigstore that signs. */
  readonly trustRoot: string;
  readonly moduleDigests: ReadonlyMap<string, string>;
  /** An empty folder. */
  readonly temporary: string;
}

export const version = "0.1.2";

/** @param root the checkout: its site and chart are copied, and its bundles run as they are. */
export async function createPublisher(root: string, dependencies: Dependencies): Promise<Publisher> {
  const { mirrors, identity, trustRoot, moduleDigests, temporary } = dependencies;
  const workspace = join(temporary, "checkout");
  for (const name of ["site", "charts"]) {
    await cp(join(root, name), join(workspace, name), { recursive: true });
  }
  const manifest = join(workspace, "site", "spin.toml");
  await writeFile(manifest, withStandInPins(await readFile(manifest, "utf8"), moduleDigests).text);

  async function act(action: string, tag: string, inputs: Readonly<Record<string, string>>) {
    const run = await runActionProcess({
      action: join(root, "actions", action),
      inputs: { ...inputs, sign: "true", "trusted-root": trustRoot },
      workspace,
      mirrors,
      env: identity,
      event: pushTag(tag),
      temp: join(temporary, "runner"),
    });
    if (run.exitCode !== 0) throw new Error(`${action} failed: ${run.log.trim().slice(-1000)}`);
    return run.outputs;
  }

  return {
    async publish(host) {
      const repository = `${host}/octo-org/site`;
      const content = await act("spin-registry-push", version, {
        manifest: "site/spin.toml",
        reference: `${repository}/content`,
      });
      const shim = await act("build-shim", version, {
        content: content.reference ?? "",
        image: repository,
      });
      const chart = await act("helm-oci-push", `chart-${version}`, {
        chart: "charts/bart",
        repository: `${repository}/charts`,
        version,
        lint: "off",
      });
      return [artifact("content", content), artifact("shim", shim), artifact("chart", chart)];
    },
  };
}

function artifact(
  name: PublishedArtifact["name"],
  { reference = "", digest = "", platforms, signature = "", changed }: Readonly<Record<string, string>>,
): PublishedArtifact {
  const tagged = reference.replace(/@.*$/, "");
  const images = Object.values(Object(JSON.parse(platforms ?? "{}"))).map(String);
  return { name, tagged, digest, digests: [digest, ...images], signature, changed: changed === "true" };
}
