/**
 * A floating point number as Helm turns it into a string: Go's verb `%g` at 32 bits, with the fewest digits that read
 * back the same: `1e+06`, `1.2345679e+08`, `1e-07`.
 */
export function formatFloat(value: number): string {
  const rounded = Math.fround(value);
  if (Number.isNaN(rounded)) return "NaN";
  if (!Number.isFinite(rounded)) return rounded > 0 ? "+Inf" : "-Inf";
  const [digits, exponent] = shortest(rounded);
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

function shortest(value: number): readonly [digits: string, exponent: number] {
  const magnitude = Math.abs(value);
  for (let precision = 1; precision <= 9; precision += 1) {
    const text = magnitude.toExponential(precision - 1);
    if (Math.fround(Number(text)) !== magnitude) continue;
    const [mantissa = "0", exponent = "0"] = text.split("e");
    return [mantissa.replace(".", ""), Number(exponent)];
  }
  throw new Error(`${value} has no decimal form of 9 digits.`);
}
