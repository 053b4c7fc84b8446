import type { RunDetail, RunStatus, Stage, StageProgress } from "@/api/generated";
import { oneOf } from "@/app/search";
import type { RunEvent } from "./run-event";

/** What the stream has told so far: the newest of each stage, and what is worth a line. */
export interface Live {
  stages: Partial<Record<Stage, StageNews>>;
  ended: RunStatus | null;
  log: readonly RunEvent[];
}

interface StageNews {
  done: number;
  total: number | null;
  startedAt: string | null;
  finishedAt: string | null;
}

export const nothingYet: Live = { stages: {}, ended: null, log: [] };

const noNews: StageNews = { done: 0, total: null, startedAt: null, finishedAt: null };
const ends = ["succeeded", "failed", "cancelled"] as const satisfies readonly RunStatus[];

/** Whether an event says that the run is over. */
export function endOf(event: RunEvent): RunStatus | null {
  if (event.stage !== null) return null;
  if (event.kind === "error") return "failed";
  return event.kind === "status" ? (oneOf(event.message, ends) ?? null) : null;
}

function stageNews(news: StageNews, event: RunEvent): StageNews {
  return {
    done: Math.max(news.done, event.done ?? 0),
    total: event.total ?? news.total,
    startedAt: news.startedAt ?? event.at,
    finishedAt: event.kind === "status" && event.message === "done" ? event.at : news.finishedAt,
  };
}

/** The state after one more event. Events may come twice: the stream resumes after a cut. */
export function take(live: Live, event: RunEvent): Live {
  const { stage } = event;
  const told = stage !== null && (event.kind === "status" || event.kind === "progress");
  return {
    stages: told
      ? { ...live.stages, [stage]: stageNews(live.stages[stage] ?? noNews, event) }
      : live.stages,
    ended: endOf(event) ?? live.ended,
    log:
      event.kind === "progress" || live.log.some(({ id }) => id === event.id)
        ? live.log
        : [...live.log, event],
  };
}

function mergeStage(stage: StageProgress, news: StageNews | undefined): StageProgress {
  if (!news || stage.status === "done" || stage.finished_at) return stage;
  return {
    ...stage,
    status: news.finishedAt ? "done" : "running",
    done: Math.max(stage.done ?? 0, news.done),
    total: news.total ?? stage.total ?? null,
    started_at: stage.started_at ?? news.startedAt,
    finished_at: news.finishedAt,
  };
}

/** The last full answer, brought up to date by what the stream has told since; never backwards. */
export function merge(detail: RunDetail, live: Live): RunDetail {
  if (detail.run.finished_at) return detail;
  const begun = Object.keys(live.stages).length > 0;
  const status = live.ended ?? (begun ? "running" : detail.run.status);
  return {
    run: { ...detail.run, status },
    stages: detail.stages.map((stage) => mergeStage(stage, live.stages[stage.stage])),
  };
}

/** A first look is taken only where there is much to fetch; the other stages are always shown. */
const isTaken = ({ stage, status, done = 0, total = null }: StageProgress): boolean =>
  stage !== "first_look" || status === "failed" || done > 0 || (total ?? 0) > 0;

/** The stages that are worth a row. */
export const shownStages = (stages: readonly StageProgress[]): StageProgress[] =>
  stages.filter(isTaken);

/** The lines that are worth being read: none of a stage that is not shown. */
export function shownLog(
  log: readonly RunEvent[],
  stages: readonly StageProgress[],
): readonly RunEvent[] {
  const hidden = new Set(stages.filter((stage) => !isTaken(stage)).map(({ stage }) => stage));
  return log.filter(({ stage }) => stage === null || !hidden.has(stage));
}

/** Milliseconds that a stage or a run has taken, or takes so far; null before it has begun. */
export function elapsed(
  { started_at, finished_at }: { started_at?: string | null; finished_at?: string | null },
  now: number,
): number | null {
  if (!started_at) return null;
  const end = finished_at ? Date.parse(finished_at) : now;
  return Math.max(end - Date.parse(started_at), 0);
}

/** Items per second; null where there is nothing to divide. */
export function speed(stage: StageProgress, now: number): number | null {
  const milliseconds = elapsed(stage, now);
  if (!milliseconds || !stage.done) return null;
  return stage.done / (milliseconds / 1000);
}
