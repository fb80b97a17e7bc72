import { access, constants } from "node:fs/promises";
import { delimiter, join } from "node:path";

/** Whether a program can be found, as on runners other than GitHub's some cannot. */
export async function isOnPath(program: string, path: string): Promise<boolean> {
  for (const folder of path.split(delimiter).filter((entry) => entry !== "")) {
    const found = await access(join(folder, program), constants.X_OK).then(
      () => true,
      () => false,
    );
    if (found) return true;
  }
  return false;
}
