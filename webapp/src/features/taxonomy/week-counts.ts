import type { CategoryChart } from "@/api/generated";

/** Counts of one category, a week each, oldest first. */
export interface CategoryRow {
  id: string;
  weeks: number[];
  sum: number;
}

const sumOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);

/** A row per category that has any, the largest first; what was never read is in none of them. */
export function toRows(chart: CategoryChart): CategoryRow[] {
  const places = new Map(chart.weeks.map(({ week }, at) => [Date.parse(week), at]));
  const rows = new Map<string, number[]>();
  for (const { week, category_id: id, conversations } of chart.counts) {
    const place = places.get(Date.parse(week));
    if (id === null || place === undefined) continue;
    const weeks = rows.get(id) ?? chart.weeks.map(() => 0);
    weeks[place] = (weeks[place] ?? 0) + conversations;
    rows.set(id, weeks);
  }
  return [...rows]
    .map(([id, weeks]) => ({ id, weeks, sum: sumOf(weeks) }))
    .sort((a, b) => b.sum - a.sum || a.id.localeCompare(b.id));
}

/** The same categories of two charts beside each other; one that is missing has no counts. */
export function sideBySide(
  left: readonly CategoryRow[],
  right: readonly CategoryRow[],
): [string, CategoryRow | undefined, CategoryRow | undefined][] {
  const ids = [...new Set([...left, ...right].map(({ id }) => id))];
  return ids.map((id) => [
    id,
    left.find((row) => row.id === id),
    right.find((row) => row.id === id),
  ]);
}
