// The names of what Earmark's own vocabulary can say.

import type {
  Decider,
  Direction,
  EvidenceKind,
  Resolution,
  RunStatus,
  Sentiment,
  Stage,
  StageProgress,
  Urgency,
} from "@/api/generated";

export const cannotTell = "Cannot tell";
export const noCategory = "Not read yet";
export const mixedCategories = "Several categories";
export const noArea = "No area";

/** A category by its id; one that the taxonomy no longer has keeps its id. */
export function categoryName(
  id: string | null | undefined,
  names: ReadonlyMap<string, string>,
): string {
  if (!id) return noCategory;
  return id === "cannot_tell" ? cannotTell : (names.get(id) ?? id);
}

export const sentiments: Record<Sentiment, string> = {
  positive: "Positive",
  neutral: "Neutral",
  negative: "Negative",
  cannot_tell: cannotTell,
};

export const urgencies: Record<Urgency, string> = {
  low: "Low",
  normal: "Normal",
  high: "High",
  cannot_tell: cannotTell,
};

export const resolutions: Record<Resolution, string> = {
  answered: "Answered",
  workaround: "Another way was offered",
  promised: "A change was promised",
  none: "Not answered",
  cannot_tell: cannotTell,
};

export const directions: Record<Direction, string> = {
  broken: "Broken",
  missing: "Missing",
  slow: "Slow",
  confusing: "Confusing",
  duplicate: "Duplicate",
  request: "Request",
  question: "Question",
  cannot_tell: cannotTell,
};

export const deciders: Record<Decider, string> = {
  rule: "a rule",
  local_model: "the local model",
  llm: "a language model",
  human: "a person",
};

export const evidenceKinds: Record<EvidenceKind, string> = {
  issue: "Issue",
  churn: "Risk of leaving",
  resolution: "Answer",
};

export const runStatuses: Record<RunStatus, string> = {
  queued: "Queued",
  running: "Running",
  succeeded: "Succeeded",
  failed: "Failed",
  cancelled: "Cancelled",
};

export const stages: Record<Stage, string> = {
  sync: "List conversations",
  first_look: "First look",
  fetch: "Fetch threads",
  mask: "Mask personal data",
  learn: "Learn from the workspace",
  classify: "Read and label",
  themes: "Group into themes",
  stories: "Draft stories",
};

export const stageStatuses: Record<StageProgress["status"], string> = {
  waiting: "Waiting",
  running: "Running",
  done: "Done",
  failed: "Failed",
  cancelled: "Cancelled",
};

const states: Record<string, string> = { open: "Open", closed: "Closed", snoozed: "Snoozed" };

/** A conversation's state: Intercom's own word, of an open set. */
export const stateName = (state: string): string => states[state] ?? state;

/** "help_center" → "Help center": words of the source, of an open set. */
export const plain = (word: string): string => capital(word.replaceAll("_", " "));

/** "the source has …" → "The source has …" */
export const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

const partTypes: Record<string, string> = {
  open: "Reopened it",
  close: "Closed it",
  snoozed: "Snoozed it",
  assignment: "Assigned it",
};

/** What a part did besides saying something: Intercom's own word, of an open set. */
export const partType = (type: string): string => partTypes[type] ?? plain(type);
