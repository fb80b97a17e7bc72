import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  attachReferrers,
  type Blob,
  createRegistryClient,
  type Digest,
  listReferrers,
  manifestOf,
  parseReference,
  referrerTo,
} from "@spin-publisher/oci";
import { defaultClaims, type SigstoreServer } from "@spin-publisher/sandbox";
import { bundlesAmong } from "@spin-publisher/signing";
import type { PublishedArtifact } from "./artifacts.ts";
import type { Checks } from "./checks.ts";
import { run } from "./commands.ts";
import { isTool, type Obtained } from "./tool.ts";

/** Whose signature the sandbox's Sigstore makes. */
const identity = `https://github.com/${defaultClaims.job_workflow_ref}`;
const issuer = defaultClaims.iss ?? "";
const repositoryOfRun = defaultClaims.repository ?? "";

interface Expected {
  readonly by?: string;
  readonly owner?: string;
  readonly command?: readonly string[];
}

/**
 * Has cosign verify what was signed, with the trust root of the sandbox's Sigstore: it accepts the signature of each manifest
 * that somebody may deploy, and the provenance; it refuses another identity, another digest, and what is not signed.
 *
 * @param folder an empty folder.
 */
export async function checkSignatures(
  checks: Checks,
  server: string,
  artifact: PublishedArtifact,
  cosign: Obtained,
  sigstore: SigstoreServer,
  folder: string,
): Promise<void> {
  const subject = `${artifact.name} on ${server}`;
  if (!isTool(cosign)) return checks.cannot(subject, "the signature", cosign.name, cosign.because);
  const root = join(folder, "trusted_root.json");
  await writeFile(root, sigstore.trustRoot);
  const repository = artifact.tagged.replace(/:[^:/]*$/, "");
  const verified = (
    reference: string,
    { by = identity, owner = repositoryOfRun, command = ["verify"] }: Expected = {},
  ) => {
    const wanted = {
      "--trusted-root": root,
      "--certificate-identity": by,
      "--certificate-oidc-issuer": issuer,
      "--certificate-github-workflow-repository": owner,
    };
    return run(cosign.path, [...command, ...Object.entries(wanted).flat(), reference], {
      env: { HOME: folder },
    });
  };
  const refused = async (work: Promise<unknown>, because: RegExp) => {
    const error = await work.then(
      () => new Error("it was accepted"),
      (thrown: Error) => thrown,
    );
    if (!because.test(error.message)) throw error;
    return /Error: (.*)/.exec(error.message)?.[1] ?? error.message;
  };
  const check = (what: string, work: () => Promise<string>) => checks.check(subject, what, cosign.name, work);

  await check("the signature is the workflow's", async () => {
    const references = [artifact.tagged, ...artifact.digests.map((digest) => `${repository}@${digest}`)];
    for (const reference of references) await verified(reference);
    return `${references.length} references verified`;
  });
  await check("the provenance is the workflow's", async () => {
    const command = ["verify-attestation", "--type", "slsaprovenance1"];
    await verified(`${repository}@${artifact.digest}`, { command });
    return "slsaprovenance1";
  });
  await check("another identity is refused", () =>
    refused(verified(artifact.tagged, { by: `${identity}.evil` }), /expected SAN value/),
  );
  await check("another repository is refused", () =>
    refused(verified(artifact.tagged, { owner: "evil/site" }), /expected GithubWorkflowRepository/),
  );
  const changed = await changedCopy(artifact);
  await check("a missing signature is refused", () =>
    refused(verified(`${repository}@${changed.digest}`), /no signatures found/),
  );
  await check("a signature of another digest is refused", async () => {
    await changed.attachSignature();
    return refused(verified(`${repository}@${changed.digest}`), /does not match any digest in statement/);
  });
}

/** The artifact's manifest with one more annotation: another digest beside it, to which its bundles can be attached. */
async function changedCopy({ tagged, digest }: PublishedArtifact) {
  const client = createRegistryClient();
  const repository = parseReference(tagged);
  const existing = await client.manifest({ ...repository, digest: digest as Digest });
  if (existing === undefined) throw new Error(`${tagged} does not exist`);
  const document = JSON.parse(new TextDecoder().decode(existing.bytes));
  const annotations = { ...document.annotations, changed: "true" };
  const { mediaType } = existing.descriptor;
  const copy = manifestOf(mediaType, JSON.stringify({ ...document, annotations }), {});
  await client.send({
    method: "PUT",
    repository,
    path: "manifests/changed",
    access: "push",
    headers: { "content-type": mediaType },
    body: { content: new Uint8Array(copy.bytes), size: copy.bytes.length },
  });
  return {
    digest: copy.descriptor.digest,
    /** The bundles of the artifact, which are about another digest. */
    attachSignature: async () => {
      const { manifests } = await listReferrers(client, repository, digest as Digest, "pull");
      const bundles = await bundlesAmong(client, repository, { via: "api", manifests });
      const referrers = await Promise.all(
        bundles.map(async ({ layer, annotations }) => {
          const bytes = await client.blob(repository, layer, layer.size);
          const blob: Blob = { descriptor: layer, source: { kind: "bytes", bytes } };
          return referrerTo(copy.descriptor, blob, annotations);
        }),
      );
      const known = await listReferrers(client, repository, copy.descriptor.digest, "push");
      const target = { client, repository, signal: new AbortController().signal };
      await attachReferrers(target, [{ subject: copy.descriptor.digest, referrers, known }]);
    },
  };
}
