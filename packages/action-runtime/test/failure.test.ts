import { afterEach, beforeEach, expect, jest, test } from "@jest/globals";
import { runAction } from "../src/failure.ts";

let written: string[];
const { exitCode } = process;

beforeEach(() => {
  written = [];
  jest.spyOn(process.stdout, "write").mockImplementation((text, ...rest) => {
    written.push(String(text));
    for (const callback of rest) if (typeof callback === "function") (callback as () => void)();
    return true;
  });
});

afterEach(() => {
  jest.restoreAllMocks();
  process.exitCode = exitCode;
});

/** What a user sees of an error, and whether the process was ended. */
async function shown(
  error: unknown,
): Promise<{ readonly lines: readonly string[]; readonly ended: boolean }> {
  let ended = false;
  await runAction(
    () => Promise.reject(error),
    () => {
      ended = true;
    },
  );
  const lines = written.join("").split("\n");
  return { lines: lines.filter((line) => line !== "" && !line.startsWith("::debug::")), ended };
}

test("an error is one line, exit code 1, and the end of the process", async () => {
  expect(await shown(new Error("No tag."))).toEqual({ lines: ["::error::No tag."], ended: true });
  expect(process.exitCode).toBe(1);
});

test("its causes stand below it, each in one line, and none twice", async () => {
  const cause = new Error("EACCES: denied\n  at the door\n", { cause: new Error("No tag.") });
  expect((await shown(new Error("No tag.", { cause }))).lines).toEqual([
    "::error::No tag.",
    "  caused by: EACCES: denied",
  ]);
});

test("a cause that causes itself does not go on for ever", async () => {
  const error = new Error("a");
  error.cause = error;
  expect((await shown(error)).lines).toEqual(["::error::a"]);
});

test("an action that succeeds is left to end by itself", async () => {
  let ended = false;
  await runAction(
    async () => {},
    () => {
      ended = true;
    },
  );
  expect(ended).toBe(false);
});
