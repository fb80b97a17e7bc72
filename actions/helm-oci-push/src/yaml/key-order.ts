const letter = /^\p{L}$/u;
const digit = /^\p{Nd}$/u;

/**
 * The order in which Helm's YAML writer puts the keys of a map: by the first character that differs, a non-letter
 * before a letter, letters by code point, and runs of digits as numbers (`9` < `10` < `A` < `a9` < `a10`).
 */
export function compareKeys(left: string, right: string): number {
  const a = [...left];
  const b = [...right];
  const at = a.findIndex((character, index) => character !== b[index]);
  if (at < 0 || at >= b.length) return a.length - b.length;
  const [x, y] = [a[at] ?? "", b[at] ?? ""];
  const letters = [letter.test(x), letter.test(y)];
  if (letters[0] !== letters[1]) return letters[0] ? 1 : -1;
  if (letters[0]) return codePoint(x) - codePoint(y);
  const [runA, runB] = [digitRun(a, at), digitRun(b, at)];
  // A zero that is not leading must not be dropped: "a10" and "a1" differ in a digit that counts.
  const insideNumber = (x === "0" || y === "0") && endsInNumber(a.slice(0, at));
  const numberA = numberOf(runA, insideNumber);
  const numberB = numberOf(runB, insideNumber);
  if (numberA !== numberB) return numberA < numberB ? -1 : 1;
  return runA.length - runB.length || codePoint(x) - codePoint(y);
}

function codePoint(character: string): number {
  return character.codePointAt(0) ?? 0;
}

function digitRun(characters: readonly string[], from: number): readonly string[] {
  const rest = characters.slice(from);
  const end = rest.findIndex((character) => !digit.test(character));
  return end < 0 ? rest : rest.slice(0, end);
}

/** Whether the digits at the end hold anything but zeros. */
function endsInNumber(characters: readonly string[]): boolean {
  const end = characters.findLastIndex((character) => !digit.test(character));
  return characters.slice(end + 1).some((character) => character !== "0");
}

/** Like the writer itself, in 64-bit arithmetic and with every digit's distance from "0" in the code. */
function numberOf(run: readonly string[], insideNumber: boolean): bigint {
  return run.reduce(
    (total, character) => BigInt.asIntN(64, total * 10n + BigInt(codePoint(character) - 48)),
    insideNumber ? 1n : 0n,
  );
}
