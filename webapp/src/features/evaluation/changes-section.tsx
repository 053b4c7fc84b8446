import type { Changes } from "@/api/generated";
import { useWorkspace } from "@/app/workspace-context";
import * as m from "@/messages/accuracy";
import { Badge } from "@/ui/badge";
import { DataTable } from "@/ui/data-table";
import styles from "./accuracy-screen.module.css";

/** How the mix of labels changes, and what chance audits say of sure ones. */
export function ChangesSection({ changes }: { changes: Changes }) {
  const { categoryName } = useWorkspace();
  const { category, recent, before, change } = m.mixColumns;
  if (changes.mix.length === 0) return null;
  return (
    <section aria-labelledby="drift">
      <h2 id="drift">{m.drift}</h2>
      <DataTable
        caption={m.drift}
        columns={[
          { name: category },
          { name: recent, number: true },
          { name: before, number: true },
          { name: change },
        ]}
        rows={changes.mix.map(({ category_id, recent_share, before_share, is_sure }) => ({
          key: category_id,
          cells: [
            categoryName(category_id),
            m.share(recent_share),
            m.share(before_share),
            <Badge key="change" tone={is_sure ? "caution" : "plain"}>
              {is_sure ? m.sure : m.unsure}
            </Badge>,
          ],
        }))}
      />
      <p className={styles.note}>{m.mixNote(changes.recent_days, changes.before_days)}</p>
      {changes.audits && <p>{m.audits(changes.audited, m.share(changes.audits))}</p>}
      {changes.promise && changes.promise.judged > 0 && <p>{m.promise(changes.promise)}</p>}
    </section>
  );
}
