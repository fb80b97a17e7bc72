import { meets, parseVersionRequest } from "@spin-publisher/spin-release";
import type { Lock } from "./locked-app.ts";

/**
 * Checks that a release of Spin can run an image.
 *
 * @param version such as `4.0.2`; a release candidate counts as its release.
 * @param seeded whether the image holds a seeded layer cache.
 * @param lock the locked application, where it was read.
 * @throws Error naming the oldest release that can.
 */
export function requireSpin(version: string, seeded: boolean, lock: Lock | undefined): void {
  const [release = version] = version.split("-");
  for (const { oldest, reason } of requirements(seeded, lock)) {
    if (meets(release, parseVersionRequest(`>=${oldest}`))) continue;
    throw new Error(
      `Spin ${version} cannot run this image: ${reason} needs Spin ${oldest} or newer; change input "spin-version".`,
    );
  }
}

function requirements(seeded: boolean, lock: Lock | undefined) {
  const perComponent = lock?.app.components.some(({ hostRequirements }) => hostRequirements.size > 0);
  return [
    { oldest: "2.0.0", reason: "content in this form" },
    ...(seeded
      ? [{ oldest: "2.4.0", reason: 'the option --cache-dir, used with input "embed" set to modules,' }]
      : []),
    ...(perComponent === true
      ? [{ oldest: "3.3.0", reason: "a component that calls other components (service chaining)" }]
      : []),
  ];
}
