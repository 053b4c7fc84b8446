import type { ReactNode } from "react";
import styles from "./data-table.module.css";

interface Column {
  name: string;
  number?: boolean;
  /** Where figures change under one's eyes, columns must not move. */
  width?: string;
}

interface DataTableProps {
  /** What it is a table of; spoken, not shown. */
  caption: string;
  columns: readonly Column[];
  /** The first cell of a row is its heading. */
  rows: readonly { key: string; cells: readonly ReactNode[] }[];
}

/** A plain table; where it is wider than the screen, it scrolls in itself. */
export function DataTable({ caption, columns, rows }: DataTableProps) {
  return (
    // biome-ignore lint/a11y/useSemanticElements: not a fieldset; what scrolls needs a name
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <div className={styles.scroll} role="group" aria-label={caption} tabIndex={0}>
      <table className={styles.table}>
        <thead>
          <tr>
            {columns.map(({ name, number, width }) => (
              <th
                key={name}
                scope="col"
                className={number ? styles.number : undefined}
                style={{ width }}
              >
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(({ key, cells }) => (
            <tr key={key}>
              {cells.map((cell, at) => {
                const { name = "", number = false } = columns[at] ?? {};
                const Cell = at === 0 ? "th" : "td";
                return (
                  <Cell
                    key={name}
                    scope={at === 0 ? "row" : undefined}
                    className={number ? styles.number : undefined}
                  >
                    {cell}
                  </Cell>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
