import { posix } from "node:path";
import { isObject, stringsOf } from "@spin-publisher/json";
import { formatPlatform } from "../spec/platforms.ts";
import type { Base } from "./base-image.ts";

const shells = ["sh", "ash", "bash", "dash", "busybox"];

/**
 * Checks that the base's entry point can start Spin: the image's command is a list of arguments for Spin, and is
 * appended to it.
 *
 * @param warn takes a message where the entry point does not tell; a script may well end in Spin.
 * @throws Error when the entry point is a shell with `-c`, which would ignore those arguments.
 */
export function checkEntryPoint({ name, images }: Base, warn: (message: string) => void): void {
  for (const { config, platform } of images) {
    const settings = isObject(config.config) ? config.config : {};
    const entryPoint = stringsOf(settings.Entrypoint) ?? [];
    const programs = entryPoint.map((argument) => posix.basename(argument));
    if (programs.includes("spin")) continue;
    const what = `The base image ${name} for ${formatPlatform(platform)}`;
    if (shells.includes(programs[0] ?? "") && entryPoint.includes("-c")) {
      throw new Error(
        `${what} starts a shell, ${JSON.stringify(entryPoint)}, which would not pass Spin its arguments; use a base image with Spin as its entry point, or without one and with Spin on its PATH.`,
      );
    }
    warn(
      entryPoint.length === 0
        ? `${what} has no entry point, so the image starts "spin" from its PATH; a base image without Spin does not start.`
        : `${what} starts ${JSON.stringify(entryPoint)}, which does not name Spin; it must pass its arguments on to Spin.`,
    );
    return;
  }
}
