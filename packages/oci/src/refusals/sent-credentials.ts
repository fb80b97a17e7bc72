/** Which credentials a request was sent with, for the error if it is refused. Never a secret. */
export type SentCredentials =
  /** `because` completes "No credentials were sent to X:". */
  | { readonly kind: "none"; readonly because?: string }
  | { readonly kind: "user"; readonly name: string }
  | { readonly kind: "token" };

const sent = new WeakMap<Response, SentCredentials>();

/** Notes which credentials a response answers, and returns it. */
export function sentWith(response: Response, credentials: SentCredentials): Response {
  sent.set(response, credentials);
  return response;
}

/** Which credentials a response answers; undefined if nobody noted it. */
export function credentialsSentWith(response: Response): SentCredentials | undefined {
  return sent.get(response);
}
