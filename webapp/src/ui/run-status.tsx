import type { RunStatus, StageProgress } from "@/api/generated";
import { runStatuses, stageStatuses } from "@/messages/words";
import { Badge, type Tone } from "./badge";

const runTones: Record<RunStatus, Tone> = {
  queued: "neutral",
  running: "accent",
  succeeded: "fall",
  failed: "danger",
  cancelled: "caution",
};

export function RunStatusBadge({ status }: { status: RunStatus }) {
  return <Badge tone={runTones[status]}>{runStatuses[status]}</Badge>;
}

const stageTones: Record<StageProgress["status"], Tone> = {
  waiting: "neutral",
  running: "accent",
  done: "fall",
  failed: "danger",
  cancelled: "caution",
};

export function StageStatusBadge({ status }: { status: StageProgress["status"] }) {
  return <Badge tone={stageTones[status]}>{stageStatuses[status]}</Badge>;
}
