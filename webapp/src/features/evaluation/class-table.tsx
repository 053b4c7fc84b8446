import type { ClassAccuracy } from "@/api/generated";
import { useWorkspace } from "@/app/workspace-context";
import * as m from "@/messages/accuracy";
import { count } from "@/messages/format";
import { DataTable } from "@/ui/data-table";
import styles from "./accuracy-screen.module.css";

export function ClassTable({ classes }: { classes: readonly ClassAccuracy[] }) {
  const { categoryName } = useWorkspace();
  const { category, ...numbers } = m.classColumns;
  return (
    <section aria-labelledby="classes">
      <h2 id="classes">{m.classes}</h2>
      <DataTable
        caption={m.classes}
        columns={[
          { name: category },
          ...Object.values(numbers).map((name) => ({ name, number: true })),
        ]}
        rows={classes.map(({ category_id, answered, said, precision, recall, f1 }) => ({
          key: category_id,
          cells: [
            categoryName(category_id),
            count(answered),
            count(said),
            m.share(precision),
            m.share(recall),
            m.share(f1),
          ],
        }))}
      />
      <p className={styles.note}>{m.classesNote}</p>
    </section>
  );
}
