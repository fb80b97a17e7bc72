/** Helm's media types; of the content types the second is what early versions pushed. */
export const chartMediaTypes = {
  config: "application/vnd.cncf.helm.config.v1+json",
  content: ["application/vnd.cncf.helm.chart.content.v1.tar+gzip", "application/tar+gzip"],
} as const;
