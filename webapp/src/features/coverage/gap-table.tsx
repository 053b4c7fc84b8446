import { Link } from "@tanstack/react-router";
import type { CoverageGap } from "@/api/generated";
import { useWorkspace } from "@/app/workspace-context";
import * as m from "@/messages/coverage";
import { count } from "@/messages/format";
import { capital } from "@/messages/words";
import { DataTable } from "@/ui/data-table";
import { useNarrow } from "@/ui/use-media";
import styles from "./coverage-screen.module.css";

/** Each conversation that is not whole, with the reason; those that are stored can be opened. */
export function GapTable({ gaps }: { gaps: readonly CoverageGap[] }) {
  const narrow = useNarrow();
  if (gaps.length === 0) return <p className={styles.quiet}>{m.noGaps}</p>;
  const table = narrow ? narrowTable : wideTable;
  return (
    <>
      <p className={styles.quiet}>{m.gapsNote(gaps.length)}</p>
      <DataTable
        caption={m.gaps}
        columns={table.columns}
        rows={gaps.map((gap) => ({ key: gap.conversation_id, cells: table.toCells(gap) }))}
      />
    </>
  );
}

const wideTable = {
  columns: [
    { name: m.conversation },
    { name: m.status },
    { name: m.reason },
    { name: m.attempts, number: true },
  ],
  toCells: (gap: CoverageGap) => [
    <ConversationLink key="id" gap={gap} />,
    statusOf(gap),
    capital(gap.reason),
    count(gap.attempts),
  ],
};

const narrowTable = {
  columns: [{ name: m.conversation }, { name: m.reason }],
  toCells: (gap: CoverageGap) => [
    <ConversationLink key="id" gap={gap} />,
    `${statusOf(gap)}: ${gap.reason}`,
  ],
};

const statusOf = ({ status }: CoverageGap): string => m.statuses[status] ?? status;

function ConversationLink({ gap: { conversation_id: id, status } }: { gap: CoverageGap }) {
  const { code } = useWorkspace();
  if (status !== "stored") return id;
  return (
    <Link to="/w/$workspace/conversations/$id" params={{ workspace: code, id }}>
      {id}
    </Link>
  );
}
