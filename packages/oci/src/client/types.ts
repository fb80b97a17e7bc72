import type { RetryPolicy } from "@spin-publisher/http";
import type { Access } from "../auth/credential.ts";
import type { Digest } from "../spec/digest.ts";
import type { Descriptor, ImageIndex, ImageManifest } from "../spec/image-spec.ts";
import type { Reference, Repository } from "../spec/reference.ts";
import type { SinglePost } from "./single-post.ts";

/** A manifest or index as a registry returned it: digest-verified bytes, and the parsed document. */
export interface FetchedManifest {
  readonly descriptor: Descriptor;
  readonly bytes: Uint8Array;
  readonly document: ImageManifest | ImageIndex;
}

/** The pull side of a registry. Everything it returns has been verified against its digest and is bounded in size. */
export interface RegistryReader {
  /** The manifest at a tag or digest; undefined if it does not exist. */
  manifest(reference: Reference): Promise<FetchedManifest | undefined>;
  /** The bytes of a blob of at most `limit` bytes. @throws Error when it is missing, larger, or does not match its digest. */
  blob(repository: Repository, descriptor: Descriptor, limit: number): Promise<Uint8Array>;
  /** Every tag, in the registry's order; empty if the repository does not exist. */
  tags(repository: Repository): Promise<readonly string[]>;
}

/** One request to a registry. */
export interface RegistryRequest {
  readonly method: "GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly repository: Repository;
  /** What follows `/v2/<name>/`, with its query; or a URL that the registry sent us to. */
  readonly path: string | URL;
  readonly access: Access;
  /** Another repository of the registry that must be readable too (a mount). */
  readonly alsoPull?: Repository;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: RequestBody;
  /** See `FetchInit` of packages/http. */
  readonly retry?: "never";
  readonly bodyLimit?: number;
  /** Returns a redirect as it is. */
  readonly redirect?: "manual";
  /** A large answer is expected. */
  readonly bulk?: boolean;
  readonly signal?: AbortSignal;
}

/** A body of known size, in bytes: in memory, or opened as often as it is sent. */
export interface RequestBody {
  readonly content: Uint8Array<ArrayBuffer> | (() => AsyncIterable<Uint8Array>);
  readonly size: number;
}

/** What a client has sent so far, including token requests and retries. */
export interface Traffic {
  readonly requests: number;
  readonly retries: number;
  /** Body bytes sent, whether or not the registry took them. */
  readonly uploadedBytes: number;
}

/** A registry client: the pull side, and what `inspectTarget` and `publish` need for the push side. */
export interface RegistryClient extends RegistryReader {
  /** The URL of what follows `/v2/<name>/`. */
  url(repository: Repository, path: string | URL): URL;
  /** Sends an authorised request and returns whatever the registry answers, including a 401 that remains. */
  send(request: RegistryRequest): Promise<Response>;
  /** A blob's bytes as they arrive, verified at their end: an error there means that they are damaged. */
  blobStream(repository: Repository, descriptor: Descriptor): Promise<ReadableStream<Uint8Array>>;
  traffic(): Traffic;
  tell(event: PublishEvent): void;
  readonly retry: RetryPolicy;
  readonly singlePost: SinglePost;
}

export interface Amount {
  readonly blobs: number;
  readonly bytes: number;
}

/** What happens while a publication runs. */
export type PublishEvent =
  | { readonly kind: "blob-uploaded"; readonly descriptor: Descriptor; readonly bytes: number }
  | { readonly kind: "blob-mounted"; readonly descriptor: Descriptor; readonly from: Repository }
  | { readonly kind: "blob-present"; readonly descriptor: Descriptor }
  /** Of all blobs of the artifact, and their bytes: those already present count as done. */
  | { readonly kind: "progress"; readonly done: Amount; readonly total: Amount }
  | { readonly kind: "manifest-written"; readonly digest: Digest; readonly tag?: string }
  | {
      readonly kind: "retry";
      readonly what: string;
      readonly because: string;
      readonly delayMilliseconds: number;
    };
