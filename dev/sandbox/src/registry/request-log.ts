/** One request the registry received. */
export interface RequestRecord {
  /** 1 for the first request, in the order of arrival. */
  readonly order: number;
  /**
   * Counts the round trips a client had to wait for: 1 more than the highest wave among the requests that had
   * been answered when this one arrived. Requests of one wave therefore all overlap, and the highest wave is the
   * length of the longest chain of requests of which each may have depended on the one before.
   */
  readonly wave: number;
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly kind: RequestKind;
  readonly repository?: string;
  /** 0 while it is unanswered, and for good where the connection was reset instead. */
  readonly status: number;
  /** Bytes of the body that arrived. */
  readonly requestBytes: number;
  /** Bytes of the body that was sent; for HEAD 0. */
  readonly responseBytes: number;
}

export type RequestKind =
  | "api-version"
  | "catalog"
  | "token"
  | "blob"
  /** An upload is started, continued, finished (also in one request), looked at or cancelled. */
  | "upload"
  /** A POST that asks for a blob of another repository. */
  | "mount"
  | "manifest"
  | "tags"
  | "referrers"
  | "unknown";

/** A record while its request is being answered. */
export interface OpenRecord {
  readonly record: RequestRecord;
  received(bytes: number): void;
  /** Must be called before the client can have seen the answer: what it sends next is of a later wave. */
  answered(status: number, responseBytes: number): void;
}

export interface RequestLog {
  readonly records: readonly RequestRecord[];
  open(request: Pick<RequestRecord, "method" | "path" | "kind" | "repository">): OpenRecord;
  /** Starts again with order 1 and wave 1. */
  clear(): void;
}

export function createRequestLog(): RequestLog {
  const records: RequestRecord[] = [];
  let highestAnswered = 0;
  return {
    records,
    open(request) {
      const record: { -readonly [Key in keyof RequestRecord]: RequestRecord[Key] } = {
        order: records.length + 1,
        wave: highestAnswered + 1,
        ...request,
        status: 0,
        requestBytes: 0,
        responseBytes: 0,
      };
      records.push(record);
      return {
        record,
        received(bytes) {
          record.requestBytes += bytes;
        },
        answered(status, responseBytes) {
          record.status = status;
          record.responseBytes = responseBytes;
          if (records[record.order - 1] === record) highestAnswered = Math.max(highestAnswered, record.wave);
        },
      };
    },
    clear() {
      records.length = 0;
      highestAnswered = 0;
    },
  };
}
