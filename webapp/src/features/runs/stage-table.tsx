import type { RunDetail, StageProgress } from "@/api/generated";
import { none } from "@/messages/controls";
import { count, duration } from "@/messages/format";
import * as m from "@/messages/runs";
import { stages as stageNames } from "@/messages/words";
import { DataTable } from "@/ui/data-table";
import { StageStatusBadge } from "@/ui/run-status";
import { useNarrow } from "@/ui/use-media";
import { useNow } from "@/ui/use-now";
import { elapsed, shownStages, speed } from "./progress";
import styles from "./run-screen.module.css";

/** How far each stage is, how fast, and how long it took. */
export function StageTable({ detail: { run, stages } }: { detail: RunDetail }) {
  const now = useNow(run.finished_at == null);
  const narrow = useNarrow();
  const table = narrow ? narrowTable : wideTable;
  return (
    <section aria-labelledby="stages">
      <h2 id="stages">{m.stages}</h2>
      <DataTable
        caption={m.stages}
        columns={table.columns}
        rows={shownStages(stages).map((stage) => ({
          key: stage.stage,
          cells: table.toCells(stage, now),
        }))}
      />
    </section>
  );
}

const { stageColumns: names } = m;

const wideTable = {
  columns: [
    { name: names.stage, width: "13rem" },
    { name: names.status, width: "6.5rem" },
    { name: names.progress },
    { name: names.done, number: true, width: "9.5rem" },
    { name: names.failed, number: true, width: "4.5rem" },
    { name: names.rate, number: true, width: "6rem" },
    { name: names.duration, number: true, width: "7rem" },
  ],
  toCells: (stage: StageProgress, now: number) => [
    stageNames[stage.stage],
    <StageStatusBadge key="status" status={stage.status} />,
    <Bar key="bar" stage={stage} />,
    doneText(stage),
    failedText(stage),
    rateText(stage, now),
    durationText(stage, now),
  ],
};

const narrowTable = {
  columns: [
    { name: names.stage },
    { name: names.done, number: true },
    { name: names.duration, number: true },
  ],
  toCells: (stage: StageProgress, now: number) => [
    <span key="stage" className={styles.stage}>
      {stageNames[stage.stage]}
      <StageStatusBadge status={stage.status} />
      <Bar stage={stage} />
    </span>,
    <>
      {doneText(stage)}
      {stage.failed ? (
        <>
          <br />
          {m.failedCount(stage.failed)}
        </>
      ) : null}
    </>,
    <>
      {durationText(stage, now)}
      <br />
      {rateText(stage, now)}
    </>,
  ],
};

function doneText({ status, done = 0, total = null }: StageProgress): string {
  if (status === "waiting") return none;
  return status === "done" && total === 0 ? m.nothingToDo : m.done(done, total);
}

const failedText = ({ failed }: StageProgress): string => (failed ? count(failed) : none);

function rateText(stage: StageProgress, now: number): string {
  const rate = speed(stage, now);
  return rate === null ? none : m.perSecond(rate);
}

function durationText(stage: StageProgress, now: number): string {
  const took = elapsed(stage, now);
  return took === null ? none : duration(took);
}

function Bar({ stage: { stage, status, done = 0, total } }: { stage: StageProgress }) {
  const share = total ? Math.min(done / total, 1) : status === "done" ? 1 : 0;
  return (
    <div
      className={styles.track}
      role="progressbar"
      aria-label={m.progressOf(stageNames[stage])}
      aria-valuenow={Math.round(share * 100)}
      aria-valuemin={0}
      aria-valuemax={100}
    >
      <div className={styles.bar} style={{ width: `${share * 100}%` }} />
    </div>
  );
}
