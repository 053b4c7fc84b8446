import type { CoverageGap } from "@/api/generated";
import * as m from "@/messages/coverage";
import { capital } from "@/messages/words";
import { DataTable } from "@/ui/data-table";
import { ConversationLink } from "./conversation-link";
import styles from "./coverage-screen.module.css";
import { groupGaps } from "./gap-kinds";

const MOST = 500;

/** Each conversation that is not whole, with the reason: missing, truncated, left out. */
export function GapTables({ gaps }: { gaps: readonly CoverageGap[] }) {
  const groups = groupGaps(gaps);
  if (groups.length === 0) {
    return <p className={styles.quiet}>{gaps.length > 0 ? m.onlyFailures : m.noGaps}</p>;
  }
  return (
    <div className={styles.kinds}>
      {gaps.length >= MOST && <p className={styles.quiet}>{m.manyGaps}</p>}
      {groups.map(([kind, rows]) => (
        <section key={kind} aria-labelledby={`gaps-${kind}`}>
          <h3 id={`gaps-${kind}`}>{m.gapTitles[kind]}</h3>
          <p className={styles.quiet}>{m.gapNotes[kind]}</p>
          <DataTable
            caption={m.gapTitles[kind]}
            columns={[{ name: m.conversation }, { name: m.reason }]}
            rows={rows.map(({ conversation_id: id, reason }) => ({
              key: id,
              cells: [
                <ConversationLink key="id" id={id} stored={kind === "truncated"} />,
                capital(reason),
              ],
            }))}
          />
        </section>
      ))}
    </div>
  );
}
