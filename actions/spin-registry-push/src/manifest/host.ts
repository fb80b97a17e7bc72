import { domainToUnicode } from "node:url";

/**
 * A web address whose host follows the URL standard. Node takes an international domain name that does not decode
 * (`xn--a`) for an ordinary one; Spin refuses it.
 */
export function parseAddress(text: string): URL | undefined {
  const url = URL.parse(text) ?? undefined;
  const labels = domainToUnicode(url?.hostname ?? "").split(".");
  return labels.some((label) => label.startsWith("xn--")) ? undefined : url;
}
