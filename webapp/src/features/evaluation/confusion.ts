import type { ConfusionCell } from "@/api/generated";

export interface Confusion {
  /** What the machine says, the most frequent first; what it cannot tell last. */
  columns: string[];
  rows: { answered: string; numbers: number[] }[];
}

/** The cells as a table: a row for each category that people gave, the most frequent first. */
export function toTable(cells: readonly ConfusionCell[]): Confusion {
  const columns = ordered(cells, ({ said }) => said);
  const rows = ordered(cells, ({ answered }) => answered).map((answered) => ({
    answered,
    numbers: columns.map((said) =>
      cells
        .filter((cell) => cell.answered === answered && cell.said === said)
        .reduce((sum, { conversations }) => sum + conversations, 0),
    ),
  }));
  return { columns, rows };
}

function ordered(
  cells: readonly ConfusionCell[],
  nameOf: (cell: ConfusionCell) => string,
): string[] {
  const sizes = new Map<string, number>();
  for (const cell of cells) {
    const name = nameOf(cell);
    sizes.set(name, (sizes.get(name) ?? 0) + cell.conversations);
  }
  const isOpen = (name: string): number => Number(name === "cannot_tell");
  return [...sizes.keys()].sort(
    (a, b) =>
      isOpen(a) - isOpen(b) || (sizes.get(b) ?? 0) - (sizes.get(a) ?? 0) || a.localeCompare(b),
  );
}
