import type { Json } from "@spin-publisher/spin-artifact";
import { ManifestError } from "../manifest/error.ts";
import type { TomlValue } from "../manifest/toml.ts";

/**
 * A value of the manifest in the form of the locked application.
 *
 * @throws ManifestError for dates: Spin would turn one into an object that only its own TOML library understands.
 */
export function jsonOf(value: TomlValue): Json {
  switch (value.kind) {
    case "string":
    case "boolean":
      return value.value;
    case "integer":
      return { number: String(value.value) };
    case "float":
      return Number.isFinite(value.value) ? { number: spell(value.value) } : null;
    case "array":
      return value.items.map(jsonOf);
    case "table":
      return new Map([...value.entries].map(([name, entry]) => [name, jsonOf(entry)]));
    case "date-time":
      throw new ManifestError(value.line, `dates cannot be published; write "${value.text}" as a string`);
  }
}

/**
 * A float as Spin's serialiser spells it: the fewest digits that give the same number, always with a fraction or
 * an exponent, plain between 1e-5 and 1e16.
 */
function spell(value: number): string {
  if (value === 0) return Object.is(value, -0) ? "-0.0" : "0.0";
  const [mantissa = "", exponentText = ""] = Math.abs(value).toExponential().split("e");
  const digits = mantissa.replace(".", "");
  const exponent = Number(exponentText);
  const sign = value < 0 ? "-" : "";
  if (exponent >= 16 || exponent < -5) {
    const fraction = digits.length > 1 ? `.${digits.slice(1)}` : "";
    return `${sign}${digits[0]}${fraction}e${exponent}`;
  }
  if (exponent < 0) return `${sign}0.${"0".repeat(-exponent - 1)}${digits}`;
  const whole = digits.slice(0, exponent + 1).padEnd(exponent + 1, "0");
  return `${sign}${whole}.${digits.slice(exponent + 1) || "0"}`;
}
