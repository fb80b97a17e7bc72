/**
 * The command line of a `run:` script (docs: workflow syntax, defaults.run.shell). Without a name it is bash
 * *without* pipefail, which is why our workflows always name it.
 *
 * @throws Error for a shell the sandbox does not have.
 */
export function shellCommand(
  shell: string | undefined,
  script: string,
): { readonly command: string; readonly args: readonly string[]; readonly extension: string } {
  switch (shell) {
    case undefined:
      return { command: "bash", args: ["-e", script], extension: ".sh" };
    case "bash":
      return {
        command: "bash",
        args: ["--noprofile", "--norc", "-eo", "pipefail", script],
        extension: ".sh",
      };
    case "sh":
      return { command: "sh", args: ["-e", script], extension: ".sh" };
    default: {
      const [command = "", ...args] = shell.split(/\s+/);
      if (!args.includes("{0}"))
        throw new Error(`The sandbox has no shell "${shell}"; use bash, sh or a template with {0}.`);
      return { command, args: args.map((arg) => (arg === "{0}" ? script : arg)), extension: "" };
    }
  }
}
