import { isLoopback } from "@spin-publisher/http";

/**
 * The origin of a registry's API. Loopback hosts always use plain HTTP, all others only when `insecure`. Docker Hub's API
 * has its own host.
 */
export function registryOrigin(registry: string, insecure: boolean): string {
  const host = registry === "docker.io" ? "registry-1.docker.io" : registry;
  return `${insecure || isLoopback(registry) ? "http" : "https"}://${host}`;
}

/** Whether a host is a literal address (or name) of this machine or of a private network. */
export function isPrivateHost(hostname: string): boolean {
  if (isLoopback(hostname)) return true;
  if (hostname.startsWith("[")) return /^\[(?:f[cd]|fe[89ab]|::|::ffff:)/i.test(hostname);
  return /^(?:0|10|127|169\.254|192\.168|172\.(?:1[6-9]|2\d|3[01])|100\.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7]))\.[\d.]+$/.test(
    hostname,
  );
}
