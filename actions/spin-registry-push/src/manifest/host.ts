import { domainToUnicode } from "node:url";

/**
 * A web address whose host follows the URL standard. Node accepts international domain names that do not decode
 * (`xn--a`); Spin refuses them.
 */
export function parseAddress(text: string): URL | undefined {
  const url = URL.parse(text) ?? undefined;
  const labels = domainToUnicode(url?.hostname ?? "").split(".");
  return labels.some((label) => label.startsWith("xn--")) ? undefined : url;
}
