import { debug, info, setFailed } from "@actions/core";

/**
 * Runs an action to its end. An error becomes one line for the user and exit code 1: its message, then what
 * caused it, muted below; the stack is only for those who turn step debugging on.
 *
 * @param end ends the process: a request that nobody waits for any more would keep it for minutes.
 */
export async function runAction(
  main: () => Promise<void>,
  end: () => void = () => process.exit(),
): Promise<void> {
  try {
    await main();
  } catch (error) {
    setFailed(messageOf(error));
    for (const cause of causesOf(error)) info(`  caused by: ${cause}`);
    if (error instanceof Error && error.stack !== undefined) debug(error.stack);
    // Pipes are written to asynchronously on some systems: end when everything is out.
    process.stdout.write("", end);
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The messages below an error, outermost first, without those that the message above already says. */
function causesOf(error: unknown): readonly string[] {
  const messages: string[] = [];
  let said = messageOf(error);
  let current = error instanceof Error ? error.cause : undefined;
  for (let depth = 0; current !== undefined && depth < 8; depth += 1) {
    const message = messageOf(current);
    const [line = ""] = message.trim().split("\n");
    if (line !== "" && !said.includes(line)) messages.push(line);
    said += message;
    current = current instanceof Error ? current.cause : undefined;
  }
  return messages;
}
