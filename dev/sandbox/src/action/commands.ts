/** A message the run page shows beside the log. */
export interface Annotation {
  readonly level: "error" | "warning" | "notice";
  readonly message: string;
  readonly title?: string;
  readonly file?: string;
  readonly line?: number;
}

/** What came of a step's output. */
export interface StepLog {
  /** As a user reads it: commands carried out, debug lines only where debugging is on. */
  readonly log: string;
  readonly annotations: readonly Annotation[];
  /** Lines that show a masked value, with the value replaced. */
  readonly leaks: readonly string[];
}

/**
 * Reads the lines a process prints as the runner does and carries out its `::commands::`.
 *
 * @param masks the job's secrets so far; `::add-mask::` adds to them.
 */
export function createLogReader(
  masks: Set<string>,
  debug: boolean,
): { line(text: string): void; finish(): StepLog } {
  const shown: string[] = [];
  const annotations: Annotation[] = [];
  const leaks: string[] = [];
  let resume: string | undefined;

  const show = (text: string) => {
    const hidden = mask(text, masks);
    if (hidden !== text) leaks.push(hidden);
    shown.push(hidden);
  };

  return {
    line(text) {
      const command = parseCommand(text);
      if (resume !== undefined) {
        if (command?.name === resume) resume = undefined;
        else show(text);
        return;
      }
      switch (command?.name) {
        case undefined:
          return show(text);
        case "add-mask":
          for (const secret of [command.message, ...command.message.split(/\r?\n/)])
            if (secret.trim() !== "") masks.add(secret);
          return;
        case "stop-commands":
          resume = command.message;
          return;
        case "error":
        case "warning":
        case "notice": {
          const { title, file, line } = command.properties;
          annotations.push({
            level: command.name,
            message: mask(command.message, masks),
            ...(title === undefined ? {} : { title }),
            ...(file === undefined ? {} : { file }),
            ...(line === undefined ? {} : { line: Number(line) }),
          });
          return show(`##[${command.name}]${command.message}`);
        }
        case "debug":
          // Written in every run and kept in the debug log, so a secret leaks here too.
          if (debug || mask(command.message, masks) !== command.message) show(`##[debug]${command.message}`);
          return;
        case "group":
          return show(`##[group]${command.message}`);
        case "endgroup":
          shown.push("##[endgroup]");
          return;
        case "add-matcher":
        case "remove-matcher":
        case "echo":
          return;
        default:
          throw new Error(
            `A step printed the command "::${command?.name}::", which runners no longer accept.`,
          );
      }
    },
    finish: () => ({ log: shown.map((line) => `${line}\n`).join(""), annotations, leaks }),
  };
}

export function mask(text: string, masks: Iterable<string>): string {
  let hidden = text;
  for (const secret of masks) hidden = hidden.replaceAll(secret, "***");
  return hidden;
}

interface Command {
  readonly name: string;
  readonly properties: Readonly<Record<string, string | undefined>>;
  readonly message: string;
}

/** `::name key=value,…::message`, with the escapes of @actions/core's command.ts undone. */
function parseCommand(line: string): Command | undefined {
  const match = /^\s*::([^\s:]+)(?: ([^:]*(?::(?!:)[^:]*)*))?::(.*)$/s.exec(line);
  const [, name, list = "", message = ""] = match ?? [];
  if (name === undefined) return undefined;
  const pairs = list.split(",").map((pair) => {
    const [key = "", ...value] = pair.split("=");
    return [key.trim(), unescaped(value.join("="))] as const;
  });
  return {
    name: name.toLowerCase(),
    properties: Object.fromEntries(pairs.filter(([key]) => key !== "")),
    message: unescaped(message),
  };
}

function unescaped(text: string): string {
  const characters: Readonly<Record<string, string>> = {
    "%0D": "\r",
    "%0A": "\n",
    "%3A": ":",
    "%2C": ",",
    "%25": "%",
  };
  return text.replace(/%(?:0D|0A|3A|2C|25)/g, (sequence) => characters[sequence] ?? sequence);
}
