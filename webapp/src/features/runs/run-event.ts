import type { Stage } from "@/api/generated";
import { oneOf } from "@/app/search";
import { stages } from "@/messages/words";

/** Something that happened in a run, as the stream of events tells it. */
export interface RunEvent {
  id: number;
  at: string;
  stage: Stage | null;
  kind: EventKind;
  done: number | null;
  total: number | null;
  message: string;
}

export const eventKinds = ["status", "progress", "note", "error"] as const;
export type EventKind = (typeof eventKinds)[number];

// All that there are: the type of the names has one of each stage.
const stageNames = Object.keys(stages) as Stage[];

const numberOrNull = (value: unknown): number | null => (typeof value === "number" ? value : null);

/** The event in a message of the stream; null if it is none that these pages know. */
export function readEvent(data: string): RunEvent | null {
  let raw: unknown;
  try {
    raw = JSON.parse(data);
  } catch {
    return null; // cut off on the way: the next one has the later state
  }
  if (typeof raw !== "object" || raw === null) return null;
  const { id, at, stage, kind, done, total, message }: Record<string, unknown> = { ...raw };
  const known = oneOf(kind, eventKinds);
  if (!known || typeof id !== "number" || typeof at !== "string") return null;
  return {
    id,
    at,
    stage: oneOf(stage, stageNames) ?? null,
    kind: known,
    done: numberOrNull(done),
    total: numberOrNull(total),
    message: typeof message === "string" ? message : "",
  };
}
