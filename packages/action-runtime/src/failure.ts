import { debug, info, setFailed } from "@actions/core";

/**
 * Runs an action to its end. An error becomes one line for the user and exit code 1: its message, then what
 * caused it, muted below; the stack is only for those who turn step debugging on.
 */
export async function runAction(main: () => Promise<void>): Promise<void> {
  try {
    await main();
  } catch (error) {
    setFailed(messageOf(error));
    for (const cause of causesOf(error)) info(`  caused by: ${cause}`);
    if (error instanceof Error && error.stack !== undefined) debug(error.stack);
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
    if (message !== "" && !said.includes(message)) messages.push(message);
    said += message;
    current = current instanceof Error ? current.cause : undefined;
  }
  return messages;
}
