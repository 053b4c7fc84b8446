import type { Move, Preview } from "@/api/generated";

/** One category over the weeks, as it is and as it would be. */
export interface EffectRow {
  id: string;
  before: number[];
  after: number[];
  sums: [number, number];
}

const sumOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);

/** A row per category, those that change most first. */
export function toEffects({ weeks, effects }: Preview): EffectRow[] {
  const places = new Map(weeks.map(({ week }, at) => [Date.parse(week), at]));
  const rows = new Map<string, EffectRow>();
  for (const { week, category_id: id, before, after } of effects) {
    const place = places.get(Date.parse(week));
    if (place === undefined) continue;
    const none = () => weeks.map(() => 0);
    const row = rows.get(id) ?? { id, before: none(), after: none(), sums: [0, 0] };
    row.before[place] = before;
    row.after[place] = after;
    rows.set(id, row);
  }
  const change = ({ sums }: EffectRow) => Math.abs(sums[1] - sums[0]);
  return [...rows.values()]
    .map((row) => ({ ...row, sums: [sumOf(row.before), sumOf(row.after)] as [number, number] }))
    .sort((a, b) => change(b) - change(a) || a.id.localeCompare(b.id));
}

/** Conversations by the label that they have and the one that they would have. */
export function toMatrix(moves: readonly Move[]) {
  const counts = new Map(
    moves.map(({ before, after, conversations }) => [`${before} ${after}`, conversations]),
  );
  const rows = [...new Set(moves.map(({ before }) => before))].sort();
  const columns = [...new Set(moves.map(({ after }) => after))].sort();
  return {
    rows,
    columns,
    of: (before: string, after: string): number => counts.get(`${before} ${after}`) ?? 0,
  };
}
