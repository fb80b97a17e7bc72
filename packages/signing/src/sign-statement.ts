import { messageOf } from "@spin-publisher/errors";
import type { Fetch } from "@spin-publisher/http";
import type { Statement } from "./statement.ts";

/** The public Sigstore. A private one stands in their place by ORIGIN_MIRRORS. */
const services = { fulcio: "https://fulcio.sigstore.dev", rekor: "https://rekor.sigstore.dev" } as const;

/** A signed statement: what is attached to an artifact. */
export interface SignedStatement {
  /** A Sigstore bundle v0.3, as JSON. */
  readonly bundle: string;
  readonly predicateType: string;
  /** When the log recorded it. */
  readonly recorded: Date;
}

/** in-toto's envelope specification, §Payload type. */
export const payloadType = "application/vnd.in-toto+json";

/** Documents of both services are some kilobytes. */
const answerLimit = 1 << 20;

/** How long both services together may take, in milliseconds: a job ends after ten minutes, and then says nothing. */
const patience = 120_000;

/**
 * Signs a statement without a key of our own: Fulcio certifies a key that exists for this call only, by the job's ID token,
 * and Rekor (v1) records the signature in the public log. Two requests.
 *
 * @param token the ID token. @param fetch with its own retries and timeouts; the libraries add none.
 * @throws Error naming the service that failed, and why.
 */
export async function signStatement(
  statement: Statement,
  token: string,
  fetch: Fetch,
  patienceMilliseconds = patience,
): Promise<SignedStatement> {
  const { bundleToJSON, DSSEBundleBuilder, FulcioSigner, network, RekorWitness } = await import(
    "./sigstore.ts"
  );
  const builder = new DSSEBundleBuilder({
    signer: new FulcioSigner({
      identityProvider: { getToken: async () => token },
      fulcioBaseURL: services.fulcio,
    }),
    // An answer that was lost is not a second entry: the log refuses that with 409 and names the first.
    witnesses: [new RekorWitness({ rekorBaseURL: services.rekor, entryType: "dsse", fetchOnConflict: true })],
  });
  const signal = AbortSignal.timeout(patienceMilliseconds);
  const bounded: Fetch = (url, init) => fetch(url, { ...init, bodyLimit: answerLimit, signal });
  const bundle = await network
    .run(bounded, () => builder.create({ data: Buffer.from(JSON.stringify(statement)), type: payloadType }))
    .catch((error: unknown) => {
      throw failureOf(
        error,
        signal.aborted ? `no answer within ${patienceMilliseconds / 1000} s` : undefined,
      );
    });
  const [entry] = bundle.verificationMaterial.tlogEntries;
  return {
    bundle: JSON.stringify(bundleToJSON(bundle)),
    predicateType: statement.predicateType,
    recorded: new Date(Number(entry?.integratedTime ?? 0) * 1000),
  };
}

/** The library says at which step it failed in `code`, and why in the cause. */
function failureOf(error: unknown, timeout: string | undefined): Error {
  const { code, cause }: { code?: unknown; cause?: unknown } = Object(error);
  const reason = timeout ?? (cause === undefined ? messageOf(error) : messageOf(cause)).replace(/\.$/, "");
  const said = typeof code !== "string" ? "Signing failed" : whatFailed(code);
  return new Error(`${said}: ${reason}.`, { cause: error });
}

function whatFailed(code: string): string {
  if (code.startsWith("CA_")) return "fulcio.sigstore.dev issued no certificate for the job's ID token";
  if (code.startsWith("TLOG_")) return "rekor.sigstore.dev did not record the signature";
  return "The job's ID token cannot be used";
}
