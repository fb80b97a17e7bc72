/** What a plain (unquoted) scalar means. Numbers keep their kind: integers are exact up to 64 bits. */
export type ScalarMeaning =
  | { readonly kind: "null" }
  | { readonly kind: "boolean"; readonly value: boolean }
  | { readonly kind: "integer"; readonly value: bigint }
  | { readonly kind: "float"; readonly value: number }
  /** Helm keeps it as text. */
  | { readonly kind: "timestamp" }
  | { readonly kind: "text" };

const words = new Map<string, ScalarMeaning>([
  ...spellings(["y", "yes", "true", "on"], { kind: "boolean", value: true }),
  ...spellings(["n", "no", "false", "off"], { kind: "boolean", value: false }),
  ...spellings(["null"], { kind: "null" }),
  ["", { kind: "null" }],
  ["~", { kind: "null" }],
  ...[".nan", ".NaN", ".NAN"].map((word) => [word, { kind: "float", value: Number.NaN }] as const),
  ...[".inf", ".Inf", ".INF"].flatMap((word) => [
    [word, { kind: "float", value: Number.POSITIVE_INFINITY }] as const,
    [`+${word}`, { kind: "float", value: Number.POSITIVE_INFINITY }] as const,
    [`-${word}`, { kind: "float", value: Number.NEGATIVE_INFINITY }] as const,
  ]),
]);

/**
 * The meaning of a plain scalar to Helm, whose YAML reader follows YAML 1.1 with Go's notation for integers: `yes` is
 * a boolean, `010` is eight, `1_000` is a thousand, `12:30` is text.
 */
export function resolveScalar(plain: string): ScalarMeaning {
  const word = words.get(plain);
  if (word !== undefined) return word;
  if (/^\.[0-9]/.test(plain)) return float(plain) ?? { kind: "text" };
  if (!/^[-+0-9]/.test(plain)) return { kind: "text" };
  if (isTimestamp(plain)) return { kind: "timestamp" };
  const digits = plain.replaceAll("_", "");
  return integer(digits) ?? float(digits) ?? { kind: "text" };
}

/** `word`, `Word` and `WORD`: the three spellings that YAML 1.1 knows of each word. */
function spellings(
  lowerCase: readonly string[],
  meaning: ScalarMeaning,
): readonly (readonly [string, ScalarMeaning])[] {
  return lowerCase.flatMap((word) =>
    [word, word.charAt(0).toUpperCase() + word.slice(1), word.toUpperCase()].map(
      (spelling) => [spelling, meaning] as const,
    ),
  );
}

function integer(digits: string): ScalarMeaning | undefined {
  const [, sign, prefix = "", rest = ""] =
    /^([-+]?)(0[xX]|0[oO]|0[bB]|0(?=[0-9]))?([0-9a-fA-F]+)$/.exec(digits) ?? [];
  if (sign === undefined) return undefined;
  const base = prefix === "0" ? "0o" : prefix.toLowerCase();
  const alphabet = { "0x": /^[0-9a-f]+$/i, "0o": /^[0-7]+$/, "0b": /^[01]+$/, "": /^[0-9]+$/ }[base] ?? /^$/;
  if (!alphabet.test(rest)) return undefined;
  const magnitude = BigInt(base + rest);
  const value = sign === "-" ? -magnitude : magnitude;
  const largest = sign === "" ? 2n ** 64n - 1n : 2n ** 63n - 1n; // Go reads signed first, unsigned without a sign
  return value > largest || value < -(2n ** 63n) ? undefined : { kind: "integer", value };
}

function float(text: string): ScalarMeaning | undefined {
  if (!/^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/.test(text)) return undefined;
  const value = Number(text);
  return Number.isFinite(value) ? { kind: "float", value } : undefined;
}

/** A date, or date and time, in the forms that Go's YAML reader accepts: RFC 3339 with short fields, or blank-separated. */
function isTimestamp(text: string): boolean {
  const match =
    /^([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})(?:(?:[Tt]([0-9]{1,2}):([0-9]{1,2}):([0-9]{1,2})(?:[.,][0-9]+)?(?:Z|[-+][0-9]{2}:[0-9]{2}))|(?: ([0-9]{1,2}):([0-9]{1,2}):([0-9]{1,2})(?:[.,][0-9]+)?))?$/.exec(
      text,
    );
  if (match === null) return false;
  const [year = 0, month = 0, day = 0] = match.slice(1, 4).map(Number);
  const [hour = 0, minute = 0, second = 0] = (
    match[4] === undefined ? match.slice(7, 10) : match.slice(4, 7)
  ).map((field) => Number(field ?? 0));
  const daysInMonth = new Date(Date.UTC(2000 + (year % 400), month, 0)).getUTCDate();
  const isDate = month >= 1 && month <= 12 && day >= 1 && day <= daysInMonth;
  return isDate && hour < 24 && minute < 60 && second < 60;
}
