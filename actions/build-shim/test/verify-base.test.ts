import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { createFetch, parseMirrors } from "@spin-publisher/http";
import { attachReferrers, listReferrers, parseReference } from "@spin-publisher/oci";
import { defaultClaims, type SigstoreServer, startSigstore } from "@spin-publisher/sandbox";
import * as signing from "@spin-publisher/signing";
import { sandboxed } from "./sandboxed.ts";

const world = sandboxed();
const identity = `https://github.com/${defaultClaims.job_workflow_ref}`;
const pattern = identity.replaceAll(".", "\\.");

let folder: string;
let sigstore: SigstoreServer;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "verify-base-"));
  sigstore = await startSigstore();
  await writeFile(join(folder, "trusted_root.json"), sigstore.trustRoot);
});
afterAll(async () => {
  await sigstore.close();
  await rm(folder, { recursive: true });
});

/** Attaches a signature of the official base image to it. */
async function signBase(): Promise<void> {
  const client = world.client();
  const base = parseReference("ghcr.io/spinframework/spin:v4.0.2-distroless");
  const manifest = await client.manifest(base);
  if (manifest === undefined) throw new Error("the sandbox has no base image");
  const { descriptor } = manifest;
  const fetch = createFetch({ mirrors: parseMirrors(sigstore.mirrors) });
  const { ACTIONS_ID_TOKEN_REQUEST_URL: url = "", ACTIONS_ID_TOKEN_REQUEST_TOKEN: token = "" } = sigstore.env;
  const job = await signing.fetchIdentityToken({ url, token }, "https://github.com", fetch);
  const statement = signing.statementAbout([descriptor.digest], signing.signaturePredicate, {});
  const signed = await signing.signStatement(statement, job.token, fetch);
  const known = await listReferrers(client, base, descriptor.digest, "push");
  await attachReferrers({ client, repository: base, signal: new AbortController().signal }, [
    { subject: descriptor.digest, referrers: [signing.bundleManifest(signed, descriptor)], known },
  ]);
}

async function shim(inputs: Readonly<Record<string, string>>) {
  const content = await world.published();
  return world.shim({ content, "trusted-root": join(folder, "trusted_root.json"), ...inputs });
}

describe("verify-base", () => {
  test("accepts a base that the identity has signed, and publishes", async () => {
    await signBase();
    const run = await shim({ "verify-base": pattern });
    expect([run.exitCode, run.annotations]).toEqual([0, []]);
  });

  test.each([
    [
      "nobody has signed",
      async () => {},
      { "verify-base": pattern },
      "No Sigstore bundle is attached to it.",
    ],
    [
      "another identity has signed",
      signBase,
      { "verify-base": `${pattern}/more` },
      `Found: ${identity} (https://token.actions.githubusercontent.com)`,
    ],
    [
      "the identity has signed, but only a part of it was demanded",
      signBase,
      { "verify-base": "https://github\\.com/octo/site" },
      `Found: ${identity}`,
    ],
    [
      "another issuer vouches for",
      signBase,
      { "verify-base": pattern, "signature-issuer": "https://accounts.example.com" },
      `Found: ${identity}`,
    ],
    [
      "a Sigstore has signed that is not believed",
      signBase,
      { "verify-base": pattern, "trusted-root": "" },
      "Found: The bundle proves nothing",
    ],
  ])("refuses a base that %s, before anything is written", async (_what, prepare, inputs, found) => {
    await prepare();
    const content = await world.published();
    const before = world.writes().length;
    const run = await world.shim({ content, "trusted-root": join(folder, "trusted_root.json"), ...inputs });
    expect(run.exitCode).toBe(1);
    expect(run.annotations[0]?.message).toMatch(
      /^ghcr\.io\/spinframework\/spin:v4\.0\.2-distroless@sha256:\w+ is not signed as required, by /,
    );
    expect(run.annotations[0]?.message).toContain(found);
    expect(world.writes()).toHaveLength(before);
  });

  test.each([
    [{ "base-image": "scratch" }, '"base-image" is scratch'],
    [{ builder: "buildx" }, "is for builder append"],
    [{ "verify-base": "(" }, '"(" is not a regular expression'],
  ])("is refused with %j", async (inputs, message) => {
    const run = await shim({ "verify-base": pattern, ...inputs });
    expect(run.annotations[0]?.message).toContain(message);
  });
});
