// Ratios on a logarithmic scale, so that twice and half are equally far from "as usual".

const OCTAVES = 3;

/** Where a ratio stands between an eighth (0) and eight times (1); farther ones are at the ends. */
export function ratioPosition(ratio: number): number {
  if (ratio <= 0) return 0;
  const octaves = Math.min(Math.max(Math.log2(ratio), -OCTAVES), OCTAVES);
  return (octaves + OCTAVES) / (2 * OCTAVES);
}
