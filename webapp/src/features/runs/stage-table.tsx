import type { RunDetail, StageProgress } from "@/api/generated";
import { none } from "@/messages/controls";
import { count, duration } from "@/messages/format";
import * as m from "@/messages/runs";
import { stages as stageNames } from "@/messages/words";
import { DataTable } from "@/ui/data-table";
import { StageStatusBadge } from "@/ui/run-status";
import { useNow } from "@/ui/use-now";
import { elapsed, speed } from "./progress";
import styles from "./run-screen.module.css";

/** How far each stage is, how fast, and how long it took. */
export function StageTable({ detail: { run, stages } }: { detail: RunDetail }) {
  const now = useNow(run.finished_at == null);
  return (
    <section>
      <h2>{m.stages}</h2>
      <DataTable
        caption={m.stages}
        columns={[
          { name: m.stageColumns.stage },
          { name: m.stageColumns.status },
          { name: m.stageColumns.progress },
          { name: m.stageColumns.done, number: true },
          { name: m.stageColumns.failed, number: true },
          { name: m.stageColumns.rate, number: true },
          { name: m.stageColumns.duration, number: true },
        ]}
        rows={stages.map((stage) => ({ key: stage.stage, cells: toCells(stage, now) }))}
      />
    </section>
  );
}

function toCells(stage: StageProgress, now: number) {
  const took = elapsed(stage, now);
  const rate = speed(stage, now);
  return [
    stageNames[stage.stage],
    <StageStatusBadge key="status" status={stage.status} />,
    <Bar key="bar" stage={stage} />,
    stage.status === "waiting" ? none : m.done(stage.done ?? 0, stage.total ?? null),
    stage.failed ? count(stage.failed) : none,
    rate === null ? none : m.perSecond(rate),
    took === null ? none : duration(took),
  ];
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
