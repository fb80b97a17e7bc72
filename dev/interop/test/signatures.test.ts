import { cp, mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { createRegistryClient, type Digest, listReferrers, parseReference } from "@spin-publisher/oci";
import {
  personas,
  pushTag,
  type RegistryServer,
  runActionProcess,
  type SigstoreServer,
  seedSpinImages,
  startRegistry,
  startSigstore,
  startUpstream,
  type Upstream,
} from "@spin-publisher/sandbox";
import { bundlesAmong } from "@spin-publisher/signing";
import { createPublisher, type PublishedArtifact } from "../artifacts.ts";

const root = join(import.meta.dirname, "../../..");

let folder: string;
let sigstore: SigstoreServer;
let upstream: Upstream;
let ghcr: RegistryServer;
let registry: RegistryServer;
let published: readonly PublishedArtifact[];
let again: readonly PublishedArtifact[];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "signatures-"));
  const base = join(folder, "base");
  await seedSpinImages(base);
  ghcr = await startRegistry({ root: base });
  upstream = await startUpstream();
  sigstore = await startSigstore();
  registry = await startRegistry({ persona: personas.ghcr });
  const trustRoot = join(folder, "trusted_root.json");
  await writeFile(trustRoot, sigstore.trustRoot);
  const publisher = await createPublisher(root, {
    mirrors: `${upstream.mirrors}\n${sigstore.mirrors}\nhttps://ghcr.io=${ghcr.origin}`,
    identity: sigstore.env,
    trustRoot,
    moduleDigests: await upstream.moduleDigests(),
    temporary: folder,
  });
  published = await publisher.publish(registry.host);
  again = await publisher.publish(registry.host);
}, 240_000);

afterAll(async () => {
  for (const server of [sigstore, upstream, ghcr, registry]) await server.close();
  await rm(folder, { recursive: true });
});

/** What the provenance of an artifact says that it was built from. */
async function dependenciesOf({ tagged, digest }: PublishedArtifact): Promise<readonly string[]> {
  const client = createRegistryClient();
  const repository = parseReference(tagged);
  const listed = await listReferrers(client, repository, digest as Digest, "pull");
  const statements = await Promise.all(
    (await bundlesAmong(client, repository, listed)).map(async ({ layer }) => {
      const bundle = JSON.parse(new TextDecoder().decode(await client.blob(repository, layer, layer.size)));
      return JSON.parse(Buffer.from(bundle.dsseEnvelope.payload, "base64").toString());
    }),
  );
  const provenance = statements.find(
    ({ predicateType }) => predicateType === "https://slsa.dev/provenance/v1",
  );
  return provenance.predicate.buildDefinition.resolvedDependencies.map(
    ({ uri, digest: { sha256 = "" } = {} }: { uri: string; digest?: { sha256?: string } }) =>
      `${uri.replace(registry.host, "registry")} ${sha256 === "" ? "" : "by digest"}`.trim(),
  );
}

describe("the bundles of the three actions", () => {
  test("sign content, shim and chart, and sign what is unchanged once", () => {
    expect(published.map(({ changed, signature }) => changed && signature !== "")).toEqual([
      true,
      true,
      true,
    ]);
    expect(again.map(({ changed, signature }) => [changed, signature])).toEqual(
      published.map(({ signature }) => [false, signature]),
    );
  });

  test("ask Sigstore in three round trips for each, and only for a token when nothing changed", () => {
    // Signature and provenance run side by side: a certificate before its entry in the log, and no order between the two.
    const each = [0, 5, 10].map((start) => sigstore.requests.slice(start, start + 5));
    for (const [first, second, ...others] of each) {
      expect([first, second]).toEqual(["GET /token", "POST /api/v2/signingCert"]);
      expect(others.toSorted()).toEqual([
        ...Array(2).fill("POST /api/v1/log/entries"),
        "POST /api/v2/signingCert",
      ]);
    }
    expect(sigstore.requests.slice(15)).toEqual(["GET /token", "GET /token", "GET /token"]);
  });

  test("state what each was built from", async () => {
    const commit = "git+https://github.com/octo/site@refs/tags/0.1.2";
    const dependencies = Object.fromEntries(
      await Promise.all(published.map(async (one) => [one.name, await dependenciesOf(one)] as const)),
    );
    expect(dependencies).toEqual({
      content: [
        commit,
        expect.stringMatching(/\/bartholomew\.wasm by digest$/),
        expect.stringMatching(/\/spin_static_fs\.wasm by digest$/),
      ],
      shim: [
        commit,
        "oci://registry/octo-org/site/content:0.1.2 by digest",
        expect.stringMatching(/^oci:\/\/ghcr\.io\/spinframework\/spin:v[\d.]+-distroless by digest$/),
      ],
      chart: [commit, expect.stringMatching(/\/helmet-[\d.]+\.tgz by digest$/)],
    });
  });

  test.each(["spin-registry-push", "build-shim", "helm-oci-push"])(
    "have the libraries in one file of at most 130 KiB (%s)",
    async (action) => {
      const { size } = await stat(join(root, "actions", action, "dist/sigstore.js"));
      expect(size).toBeLessThanOrEqual(130 << 10);
    },
  );

  test("load nothing of Sigstore where nothing is signed", async () => {
    // An action whose file with the libraries is missing.
    const action = join(folder, "spin-registry-push");
    await cp(join(root, "actions/spin-registry-push"), action, { recursive: true });
    await rm(join(action, "dist/sigstore.js"));
    const publish = (sign: string, tag: string) =>
      runActionProcess({
        action,
        inputs: { manifest: "site/spin.toml", reference: `${registry.host}/octo-org/unsigned`, tag, sign },
        workspace: join(folder, "checkout"),
        mirrors: `${upstream.mirrors}\n${sigstore.mirrors}`,
        env: sigstore.env,
        event: pushTag("0.1.2"),
      });
    expect((await publish("false", "1.0.0")).exitCode).toBe(0);
    const signed = await publish("true", "1.0.1");
    expect(signed.exitCode).toBe(1);
    expect(signed.annotations[0]?.message).toContain("sigstore.js");
  }, 120_000);
});
