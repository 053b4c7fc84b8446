import type { UnreadableRow } from "@/api/generated";
import { none } from "@/messages/controls";
import * as m from "@/messages/coverage";
import { DataTable } from "@/ui/data-table";
import { Time } from "@/ui/time";
import styles from "./coverage-screen.module.css";

/** Rows of a listing or of a file that could not be used, with the reason. */
export function Unreadable({ rows }: { rows: readonly UnreadableRow[] }) {
  if (rows.length === 0) return null;
  return (
    <section aria-labelledby="unreadable">
      <h2 id="unreadable">{m.unreadable}</h2>
      <p className={styles.quiet}>{m.unreadableNote(rows.length)}</p>
      <DataTable
        caption={m.unreadable}
        columns={[{ name: m.reason }, { name: m.conversation }, { name: m.seen }]}
        rows={rows.map(({ conversation_id: id, reason, seen_at: seenAt }, at) => ({
          key: `${at}`,
          cells: [reason, id ?? none, <Time key="seen" at={seenAt} />],
        }))}
      />
    </section>
  );
}
