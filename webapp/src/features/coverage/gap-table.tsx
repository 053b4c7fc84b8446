import { Link } from "@tanstack/react-router";
import type { CoverageGap } from "@/api/generated";
import { useWorkspace } from "@/app/workspace-context";
import * as m from "@/messages/coverage";
import { count } from "@/messages/format";
import { DataTable } from "@/ui/data-table";
import styles from "./coverage-screen.module.css";

/** Each conversation that is not whole, with the reason; those that are stored can be opened. */
export function GapTable({ gaps }: { gaps: readonly CoverageGap[] }) {
  const { code } = useWorkspace();
  if (gaps.length === 0) return <p className={styles.quiet}>{m.noGaps}</p>;
  return (
    <>
      <p className={styles.quiet}>{m.gapsNote(gaps.length)}</p>
      <DataTable
        caption={m.gaps}
        columns={[
          { name: m.conversation },
          { name: m.status },
          { name: m.reason },
          { name: m.attempts, number: true },
        ]}
        rows={gaps.map(({ conversation_id: id, status, reason, attempts }) => ({
          key: id,
          cells: [
            status === "stored" ? (
              <Link key="id" to="/w/$workspace/conversations/$id" params={{ workspace: code, id }}>
                {id}
              </Link>
            ) : (
              id
            ),
            m.statuses[status] ?? status,
            reason,
            count(attempts),
          ],
        }))}
      />
    </>
  );
}
