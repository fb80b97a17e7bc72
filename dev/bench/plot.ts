// Line plots as SVG, without a library: they are made by a script, read in a README, and compared in a review.

export interface Series {
  readonly name: string;
  /** Points from left to right, in the units of the axes. */
  readonly points: readonly (readonly [x: number, y: number])[];
}

export interface Plot {
  readonly title: string;
  readonly x: Axis;
  readonly y: Axis;
  readonly series: readonly Series[];
}

export interface Axis {
  readonly label: string;
  /** Equal distances for equal ratios; all values are above 0. */
  readonly logarithmic?: boolean;
}

const width = 640;
const height = 360;
const margin = { top: 40, right: 150, bottom: 48, left: 64 } as const;
// Distinguishable in grey, with colour blindness, and on light and dark backgrounds.
const colours = ["#2f86c7", "#d55e00", "#009e73", "#cc79a7", "#888888"] as const;
const dashes = ["", "6 3", "2 3", "8 3 2 3", "1 4"] as const;

/** A self-contained SVG with a title for screen readers, and a label at the end of each line. */
export function plotSvg({ title, x, y, series }: Plot): string {
  const points = series.flatMap((line) => line.points);
  const across = scaleOf(
    x,
    points.map(([value]) => value),
    [margin.left, width - margin.right],
    "value",
  );
  const up = scaleOf(
    y,
    points.map(([, value]) => value),
    [height - margin.bottom, margin.top],
    "tick",
  );
  const lines = series.map((line, index) => seriesSvg(line, index, across.place, up.place));
  const labels = spread(
    series.map(({ points }) => up.place(points.at(-1)?.[1] ?? 0)),
    16,
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-label="${text(title)}" font-family="system-ui, sans-serif" font-size="12" fill="#777">
<title>${text(title)}</title>
<text x="${margin.left}" y="22" font-size="14" font-weight="600">${text(title)}</text>
${across.ticks.map((tick) => xTick(tick, across.place(tick))).join("\n")}
${up.ticks.map((tick) => yTick(tick, up.place(tick))).join("\n")}
<text x="${(margin.left + width - margin.right) / 2}" y="${height - 8}" text-anchor="middle">${text(x.label)}</text>
<text transform="translate(14 ${(margin.top + height - margin.bottom) / 2}) rotate(-90)" text-anchor="middle">${text(y.label)}</text>
${lines.join("\n")}
${series.map(({ name }, index) => `<text x="${width - margin.right + 8}" y="${round((labels[index] ?? 0) + 4)}" fill="${colours[index % colours.length]}">${text(name)}</text>`).join("\n")}
</svg>
`;
}

interface Scale {
  readonly place: (value: number) => number;
  readonly ticks: readonly number[];
}

/** @param ends where the axis ends: at its last value, or at the tick that follows it. */
function scaleOf(
  { logarithmic = false }: Axis,
  values: readonly number[],
  [from, to]: readonly [number, number],
  ends: "value" | "tick",
): Scale {
  const map = logarithmic ? Math.log10 : (value: number) => value;
  const highest = Math.max(...values, 0);
  const all = logarithmic ? decades(values) : evenTicks(highest);
  const ticks = ends === "tick" ? all : all.filter((tick) => tick <= highest);
  const low = map(Math.min(...values, ...ticks));
  const high = map(Math.max(...values, ...ticks));
  const span = high === low ? 1 : high - low;
  return { ticks, place: (value) => from + ((map(value) - low) / span) * (to - from) };
}

/** 1, 2 and 5 of each power of ten that the values lie in. */
function decades(values: readonly number[]): readonly number[] {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const ticks: number[] = [];
  for (let power = Math.floor(Math.log10(low)); power <= Math.ceil(Math.log10(high)); power += 1)
    for (const digit of [1, 2, 5]) ticks.push(Number(`${digit}e${power}`));
  const first = ticks.findLastIndex((tick) => tick <= low);
  const last = ticks.findIndex((tick) => tick >= high);
  return ticks.slice(Math.max(0, first), last + 1);
}

/** From 0, five steps or so of 1, 2 or 5 times a power of ten. */
function evenTicks(highest: number): readonly number[] {
  const power = 10 ** Math.floor(Math.log10(highest / 5 || 1));
  const step =
    [1, 2, 5, 10].map((digit) => digit * power).find((candidate) => candidate * 5 >= highest) ?? power;
  const count = Math.max(1, Math.ceil(highest / step));
  return Array.from({ length: count + 1 }, (_, index) => Number((index * step).toPrecision(12)));
}

function seriesSvg({ points }: Series, index: number, across: Scale["place"], up: Scale["place"]): string {
  const colour = colours[index % colours.length];
  const places = points.map(([x, y]) => `${round(across(x))},${round(up(y))}`);
  const dots = points.map(
    ([x, y]) => `<circle cx="${round(across(x))}" cy="${round(up(y))}" r="3" fill="${colour}"/>`,
  );
  return `<polyline points="${places.join(" ")}" fill="none" stroke="${colour}" stroke-width="2" stroke-dasharray="${dashes[index % dashes.length]}"/>${dots.join("")}`;
}

function xTick(value: number, place: number): string {
  return `<text x="${round(place)}" y="${height - margin.bottom + 18}" text-anchor="middle">${value.toLocaleString("en")}</text>`;
}

function yTick(value: number, place: number): string {
  return `<line x1="${margin.left}" x2="${width - margin.right}" y1="${round(place)}" y2="${round(place)}" stroke="#7774"/><text x="${margin.left - 8}" y="${round(place + 4)}" text-anchor="end">${value.toLocaleString("en")}</text>`;
}

/** Moves positions apart, downwards, until each has room; the order stays. */
function spread(places: readonly number[], room: number): readonly number[] {
  const order = places
    .map((_, index) => index)
    .sort((left, right) => (places[left] ?? 0) - (places[right] ?? 0));
  const moved = [...places];
  for (const [rank, index] of order.entries()) {
    const before = order[rank - 1];
    if (before !== undefined) moved[index] = Math.max(places[index] ?? 0, (moved[before] ?? 0) + room);
  }
  return moved;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function text(value: string): string {
  return value.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
}
