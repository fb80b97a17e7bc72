import type { IncomingHttpHeaders } from "node:http";
import type { Persona } from "./persona.ts";
import type { Store } from "./store.ts";

/** A request on its way through the registry; its route is decided and its sender admitted. */
export interface Exchange {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  /** The body, to be read at most once. */
  readonly body: AsyncIterable<Uint8Array>;
  /** `http://127.0.0.1:PORT`, as the sender addressed it. */
  readonly self: string;
  readonly store: Store;
  readonly persona: Persona;
}
