import { amount, count, percent, rate } from "./format";

export const title = "Runs";
export const lead =
  "A run fetches what is new, reads it, groups it into themes and drafts stories. What is done already is not done again.";
export const start = "Start a run";
export const starting = "Starting";
export const empty = "No runs yet";
export const emptyText = "Start the first one here, or on the command line:";
export const columns = {
  run: "Run",
  status: "Status",
  started: "Started",
  duration: "Duration",
  note: "What happened",
};
export const run = (id: number): string => `Run ${id}`;
export const waiting = "Waiting for a worker";
export const atStage = (name: string): string => `At: ${name}`;
export const list = "All runs";

export const back = "Runs";
export const stages = "Stages";
export const stageColumns = {
  stage: "Stage",
  status: "Status",
  progress: "Progress",
  done: "Done",
  failed: "Failed",
  rate: "Rate",
  duration: "Duration",
};
export const done = (value: number, total: number | null): string =>
  total === null ? count(value) : `${count(value)} of ${count(total)}`;
export const nothingToDo = "nothing to do";
export const failedCount = (value: number): string => `${count(value)} failed`;
export const perSecond = (value: number): string => `${rate(value)} / s`;
export const progressOf = (stage: string): string => `Progress of: ${stage}`;
export const reading = "Reading";
export const readingWaits = "Reading waits";
export const stillWaiting = (conversations: number): string =>
  `${amount(conversations, "conversation that was never read waits", "conversations that were never read wait")} for that now.`;
export const readingStopped = "Reading stopped at this error. What was read before it is kept.";
export const toCost = "What models cost, and the ceilings";
export const whoDecided = "Who decided";
export const conversations = "Conversations";
export const share = "Share";
export const nobodyCould = "Cannot tell";
export const nothingRead = "This run has read nothing anew.";
export const nothingReadYet = "Nothing has been read yet.";
export const notRead = "Not read";
export const toFailures = "All that could not be read";
export const log = "Log";
export const noLog = "Nothing out of the ordinary has happened.";
export const noLogYet = "Nothing has happened yet.";
const happenings: Record<string, string> = {
  queued: "queued",
  running: "began",
  done: "done",
  succeeded: "succeeded",
  cancelled: "cancelled",
  "cancel requested": "cancel requested",
};
/** "Fetch threads: began" */
export const logLine = (what: string, kind: string, message: string): string =>
  kind === "error" ? `${what}: error: ${message}` : `${what}: ${happenings[message] ?? message}`;
export const wholeRun = "Run";

export const cancel = "Cancel the run";
export const cancelling = "It stops at the next safe point";
export const cancelTitle = "Cancel this run?";
export const cancelText =
  "It stops at the next safe point. What it has done stays, and the next run goes on from there.";
export const confirmCancel = "Cancel the run";
export const keepRunning = "Let it run";

export const live = "Live";
export const liveLost = "The live connection was lost; the page asks every two seconds instead.";
export const created = "Created";
export const startedAt = "Started";
export const finishedAt = "Finished";
export const took = (time: string): string => `Took ${time}`;
export const runningFor = (time: string): string => `For ${time} so far`;

export function announcement(stage: string, value: number, total: number | null): string {
  if (!total) return `${stage}: ${count(value)}`;
  return `${stage}: ${percent(value / total)}, ${count(value)} of ${amount(total, "item", "items")}`;
}
export const ended = (status: string): string => `The run has ended: ${status}.`;
export const queuedText = "The run waits for a worker. `earmark serve` starts one.";
