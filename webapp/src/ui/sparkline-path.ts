export interface Point {
  x: number;
  y: number;
}

const MARGIN = 3;

/** Values from left to right, zero at the bottom, the largest at the top. */
export function sparklinePoints(values: readonly number[], width: number, height: number): Point[] {
  const largest = Math.max(...values, 1);
  const step = values.length > 1 ? (width - 2 * MARGIN) / (values.length - 1) : 0;
  return values.map((value, at) => ({
    x: MARGIN + at * step,
    y: height - MARGIN - (value / largest) * (height - 2 * MARGIN),
  }));
}

export const linePath = (points: readonly Point[]): string =>
  points.map(({ x, y }, at) => `${at ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`).join("");
