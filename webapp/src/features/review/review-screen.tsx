import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { ReviewState } from "@/api/generated";
import { getReviewOptions } from "@/api/generated/@tanstack/react-query.gen";
import { readText, store } from "@/app/stored";
import { useWorkspace } from "@/app/workspace-context";
import { count } from "@/messages/format";
import * as m from "@/messages/review";
import { Button } from "@/ui/button";
import { DataTable } from "@/ui/data-table";
import { Page } from "@/ui/page";
import { Empty, ProblemPanel, SkeletonLines, Waiting } from "@/ui/states";
import { TextField } from "@/ui/text-field";
import styles from "./review-screen.module.css";
import { TaskView } from "./task-view";
import { useQueue } from "./use-queue";

const ME = "me";

export function ReviewScreen() {
  const [labeller, setLabeller] = useState(() => readText("labeller", ME));
  const rename = (name: string) => {
    store("labeller", name);
    setLabeller(name);
  };
  return (
    <Page
      title={m.title}
      lead={m.lead}
      actions={
        <TextField
          label={m.labeller}
          beside
          defaultValue={labeller}
          maxLength={80}
          onBlur={(event) => rename(event.target.value.trim() || ME)}
        />
      }
    >
      <Queue key={labeller} labeller={labeller} />
    </Page>
  );
}

function Queue({ labeller }: { labeller: string }) {
  const { path } = useWorkspace();
  const state = useQuery(getReviewOptions({ path }));
  const queue = useQueue(labeller);
  const task = queue.tasks?.[0];
  return (
    <div className={styles.parts}>
      {queue.error && <ProblemPanel error={queue.error} />}
      <p role="status" className={styles.told}>
        {queue.told}
      </p>
      <Conflicts queue={queue} labeller={labeller} />
      {task ? (
        <TaskView
          key={task.item.id}
          task={task}
          onAnswer={(said) => queue.answer(task, said)}
          onSkip={() => queue.skip(task)}
          onUndo={queue.undo}
        />
      ) : queue.tasks === null || queue.busy ? (
        !queue.error && (
          <Waiting>
            <SkeletonLines count={5} height="3rem" />
          </Waiting>
        )
      ) : (
        <NothingWaits state={state.data} queue={queue} />
      )}
      {state.data && <Progress state={state.data} />}
    </div>
  );
}

type QueueProps = { queue: ReturnType<typeof useQueue> };

function Conflicts({ queue, labeller }: QueueProps & { labeller: string }) {
  const { categoryName } = useWorkspace();
  return queue.conflicts
    .filter(({ kind }) => kind !== "theme")
    .flatMap(({ labellers, values, kind }) =>
      labellers.map((who, at) =>
        who === labeller ? null : (
          <p key={`${kind} ${who}`} className={styles.conflict}>
            {m.conflict(who, categoryName(values[at]))}
          </p>
        ),
      ),
    );
}

function NothingWaits({ state, queue }: QueueProps & { state: ReviewState | undefined }) {
  const waiting = state?.counts.reduce((sum, { open }) => sum + open, 0) ?? 0;
  return (
    <Empty title={m.empty}>
      <p>{waiting > 0 ? m.others : m.emptyText}</p>
      <p className={styles.actions}>
        <Button look="primary" disabled={queue.drawing} onClick={queue.draw}>
          {m.draw}
        </Button>
        <Button icon="falling" onClick={queue.undo}>
          {m.undo}
        </Button>
      </p>
    </Empty>
  );
}

function Progress({ state: { counts, agreement } }: { state: ReviewState }) {
  if (counts.length === 0) return null;
  return (
    <section aria-labelledby="progress">
      <h2 id="progress">{m.progress}</h2>
      <DataTable
        caption={m.progress}
        columns={[
          { name: m.reason },
          { name: m.waiting, number: true },
          { name: m.done, number: true },
        ]}
        rows={counts.map(({ reason, open, done }) => ({
          key: reason,
          cells: [m.reasons[reason], count(open), count(done)],
        }))}
      />
      <p className={styles.quiet}>{m.agreement(agreement.agreed, agreement.pairs)}</p>
    </section>
  );
}
