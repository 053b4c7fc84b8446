const STEPS = [1, 2, 5, 10];

/** Round numbers from 0 to at least `largest`, about `wanted` of them, all whole. */
export function countTicks(largest: number, wanted = 4): number[] {
  const rough = Math.max(largest, 1) / wanted;
  const magnitude = 10 ** Math.max(Math.floor(Math.log10(rough)), 0);
  const factor = STEPS.find((candidate) => candidate * magnitude >= rough) ?? 10;
  const step = factor * magnitude;
  const count = Math.max(Math.ceil(largest / step), 1);
  return Array.from({ length: count + 1 }, (_, at) => at * step);
}
