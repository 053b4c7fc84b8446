import type { ConfusionCell } from "@/api/generated";
import { useWorkspace } from "@/app/workspace-context";
import * as m from "@/messages/accuracy";
import { count } from "@/messages/format";
import { DataTable } from "@/ui/data-table";
import styles from "./accuracy-screen.module.css";
import { toTable } from "./confusion";

export function ConfusionTable({ cells }: { cells: readonly ConfusionCell[] }) {
  const { categoryName } = useWorkspace();
  const { columns, rows } = toTable(cells);
  const mark = (isRight: boolean, value: number) => {
    if (isRight) return <strong>{count(value)}</strong>;
    return value > 0 ? count(value) : <span className={styles.quiet}>{count(value)}</span>;
  };
  return (
    <section aria-labelledby="confusion">
      <h2 id="confusion">{m.confusion}</h2>
      <DataTable
        caption={m.confusion}
        columns={[
          { name: m.people },
          ...columns.map((said) => ({ name: categoryName(said), number: true })),
        ]}
        rows={rows.map(({ answered, numbers }) => ({
          key: answered,
          cells: [
            categoryName(answered),
            ...numbers.map((value, at) => mark(columns[at] === answered, value)),
          ],
        }))}
      />
      <p className={styles.note}>{m.confusionNote}</p>
    </section>
  );
}
