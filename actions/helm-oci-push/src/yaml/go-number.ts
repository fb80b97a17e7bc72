/**
 * A floating point number as Go prints it with its verb `%g` and the shortest digits that read back the same:
 * `1e+06`, `1.2345679e+08`, `1e-07`.
 *
 * @param bits precision: Helm turns numbers into text at 32 bits, and writes them at 64.
 */
export function formatFloat(value: number, bits: 32 | 64): string {
  const rounded = bits === 32 ? Math.fround(value) : value;
  if (Number.isNaN(rounded)) return "NaN";
  if (!Number.isFinite(rounded)) return rounded > 0 ? "+Inf" : "-Inf";
  const [digits, exponent] = shortest(rounded, bits);
  const sign = rounded < 0 || Object.is(rounded, -0) ? "-" : "";
  if (exponent < -4 || exponent >= 6) {
    const fraction = digits.length > 1 ? `.${digits.slice(1)}` : "";
    const size = String(Math.abs(exponent)).padStart(2, "0");
    return `${sign}${digits[0]}${fraction}e${exponent < 0 ? "-" : "+"}${size}`;
  }
  if (exponent < 0) return `${sign}0.${"0".repeat(-exponent - 1)}${digits}`;
  const whole = digits.slice(0, exponent + 1).padEnd(exponent + 1, "0");
  const fraction = digits.slice(exponent + 1);
  return sign + whole + (fraction === "" ? "" : `.${fraction}`);
}

function shortest(value: number, bits: 32 | 64): readonly [digits: string, exponent: number] {
  const magnitude = Math.abs(value);
  for (let precision = 1; precision <= 17; precision += 1) {
    const text = magnitude.toExponential(precision - 1);
    const readBack = bits === 32 ? Math.fround(Number(text)) : Number(text);
    if (readBack !== magnitude) continue;
    const [mantissa = "0", exponent = "0"] = text.split("e");
    return [mantissa.replace(".", ""), Number(exponent)];
  }
  throw new Error(`${value} has no decimal form of 17 digits.`);
}
