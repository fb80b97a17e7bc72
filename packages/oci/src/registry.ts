import type { Digest } from "./digest.ts";
import type { Descriptor, ImageIndex, ImageManifest } from "./documents.ts";
import type { Reference, Repository } from "./reference.ts";

/** What identifies us to one registry. */
export type Credential =
  | { readonly kind: "anonymous" }
  | { readonly kind: "basic"; readonly username: string; readonly password: string }
  /** A refresh token, exchanged by the OAuth2 POST form (Docker config `identitytoken`). */
  | { readonly kind: "identity-token"; readonly token: string }
  /** Sent as it is (Docker config `registrytoken`). */
  | { readonly kind: "registry-token"; readonly token: string };

/** Finds the credential for a repository; asked once for each repository and run. */
export type CredentialSource = (repository: Repository) => Promise<Credential>;

/** A manifest or index as a registry returned it: digest-verified bytes, and the parsed document. */
export interface FetchedManifest {
  readonly descriptor: Descriptor;
  readonly bytes: Uint8Array;
  readonly document: ImageManifest | ImageIndex;
}

/** The pull side of a registry. Everything returned was verified against its digest and is bounded in size. */
export interface RegistryReader {
  /** The manifest at a tag or digest; undefined where it does not exist. */
  manifest(reference: Reference): Promise<FetchedManifest | undefined>;
  /** The bytes of a blob of at most `limit` bytes. @throws Error when it is missing, larger or not what its digest says. */
  blob(repository: Repository, descriptor: Descriptor, limit: number): Promise<Uint8Array>;
  /** Every tag, in the registry's order; empty where the repository does not exist. */
  tags(repository: Repository): Promise<readonly string[]>;
}

/** Something worth telling while a publication runs. */
export type PublishEvent =
  | { readonly kind: "blob-uploaded"; readonly descriptor: Descriptor; readonly bytes: number }
  | { readonly kind: "blob-mounted"; readonly descriptor: Descriptor; readonly from: Repository }
  | { readonly kind: "blob-present"; readonly descriptor: Descriptor }
  | { readonly kind: "manifest-written"; readonly digest: Digest; readonly tag?: string }
  | {
      readonly kind: "retry";
      readonly what: string;
      readonly because: string;
      readonly delayMilliseconds: number;
    };
