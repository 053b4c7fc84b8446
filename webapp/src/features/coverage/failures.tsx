import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import type { Failure } from "@/api/generated";
import { listFailuresOptions } from "@/api/generated/@tanstack/react-query.gen";
import { useWorkspace } from "@/app/workspace-context";
import * as m from "@/messages/coverage";
import { count } from "@/messages/format";
import { capital } from "@/messages/words";
import { Badge } from "@/ui/badge";
import { Button } from "@/ui/button";
import { DataTable } from "@/ui/data-table";
import { Dialog } from "@/ui/dialog";
import { ProblemPanel } from "@/ui/states";
import { useNarrow } from "@/ui/use-media";
import { ConversationLink } from "./conversation-link";
import styles from "./coverage-screen.module.css";
import { idsOf, useFailureActions } from "./use-failure-actions";

/** What could not be done after all attempts, and what is to become of it; nothing if all went well. */
export function Failures() {
  const { path } = useWorkspace();
  const { data: failures = [], error } = useQuery(listFailuresOptions({ path }));
  const actions = useFailureActions();
  const [asked, setAsked] = useState<string | null>(null);
  if (error) return <ProblemPanel error={error} />;
  if (failures.length === 0 && !actions.told) return null;
  return (
    <section aria-labelledby="failures">
      <div className={styles.head}>
        <h2 id="failures">{m.failures}</h2>
        {failures.length > 1 && (
          <Button disabled={actions.busy} onClick={() => actions.retry(idsOf(failures))}>
            {m.retryAll}
          </Button>
        )}
      </div>
      <p className={styles.quiet} role="status">
        {actions.told ?? m.failuresNote}
      </p>
      {actions.error && <ProblemPanel error={actions.error} />}
      {failures.length > 0 && (
        <FailureTable
          failures={failures}
          busy={actions.busy}
          onRetry={(id) => actions.retry([id])}
          onSkip={setAsked}
        />
      )}
      <Dialog open={asked !== null} onClose={() => setAsked(null)} title={m.skipTitle}>
        <p>{m.skipText(asked ?? "")}</p>
        <div className={styles.actions}>
          <Button onClick={() => setAsked(null)}>{m.keep}</Button>
          <Button
            look="danger"
            onClick={() => {
              if (asked) actions.skip([asked]);
              setAsked(null);
            }}
          >
            {m.skip}
          </Button>
        </div>
      </Dialog>
    </section>
  );
}

interface FailureTableProps {
  failures: readonly Failure[];
  busy: boolean;
  onRetry: (id: string) => void;
  onSkip: (id: string) => void;
}

function FailureTable({ failures, ...actions }: FailureTableProps) {
  const table = useNarrow() ? narrowTable : wideTable;
  return (
    <DataTable
      caption={m.failures}
      columns={table.columns}
      rows={failures.map((failure) => ({
        key: `${failure.conversation_id} ${failure.work}`,
        cells: table.toCells(failure, <RowActions id={failure.conversation_id} {...actions} />),
      }))}
    />
  );
}

const wideTable = {
  columns: [
    { name: m.conversation },
    { name: m.work },
    { name: m.state },
    { name: m.reason },
    { name: m.attempts, number: true },
    { name: m.what },
  ],
  toCells: (failure: Failure, actions: ReactNode): ReactNode[] => [
    <Conversation key="id" failure={failure} />,
    m.works[failure.work],
    <State key="state" failure={failure} />,
    capital(failure.reason),
    count(failure.attempts),
    actions,
  ],
};

const narrowTable = {
  columns: [{ name: m.conversation }, { name: m.reason }],
  toCells: (failure: Failure, actions: ReactNode): ReactNode[] => [
    <span key="id" className={styles.stacked}>
      <Conversation failure={failure} />
      <State failure={failure} />
    </span>,
    <span key="reason" className={styles.stacked}>
      {`${m.works[failure.work]}: ${failure.reason}`}
      {actions}
    </span>,
  ],
};

const Conversation = ({ failure: { conversation_id: id, work } }: { failure: Failure }) => (
  <ConversationLink id={id} stored={work === "read"} />
);

const State = ({ failure: { is_given_up: givenUp } }: { failure: Failure }) => (
  <Badge tone={givenUp ? "danger" : "caution"}>{givenUp ? m.givenUp : m.triedAgain}</Badge>
);

interface RowActionsProps extends Omit<FailureTableProps, "failures"> {
  id: string;
}

const RowActions = ({ id, busy, onRetry, onSkip }: RowActionsProps) => (
  <span className={styles.rowActions}>
    <Button disabled={busy} aria-label={m.retryOne(id)} onClick={() => onRetry(id)}>
      {m.retry}
    </Button>
    <Button look="quiet" disabled={busy} aria-label={m.skipOne(id)} onClick={() => onSkip(id)}>
      {m.skip}
    </Button>
  </span>
);
