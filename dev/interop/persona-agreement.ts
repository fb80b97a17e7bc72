import { type Behaviour, type Persona, probeRegistry, startRegistry } from "@spin-publisher/sandbox";

/**
 * Sends the same requests to a real registry and to the persona that stands in for it.
 *
 * @returns how many answers agree.
 * @throws Error naming every difference.
 */
export async function requireAgreement(origin: string, persona: Persona): Promise<string> {
  const real = await probeRegistry(origin, "probe");
  const registry = await startRegistry({ persona });
  let ours: Behaviour;
  try {
    ours = await probeRegistry(registry.origin, "probe");
  } finally {
    await registry.close();
  }
  const different = Object.keys(real).filter((question) => real[question] !== ours[question]);
  if (different.length === 0) return `${Object.keys(real).length} answers agree`;
  const list = different.map((question) => `${question}: ${real[question]}, persona ${ours[question]}`);
  throw new Error(list.join("; "));
}
