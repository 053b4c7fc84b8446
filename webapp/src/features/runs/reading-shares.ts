import type { Decider, DeciderCount } from "@/api/generated";
import { percent } from "@/messages/format";

/** A part of what was read: by whom it was decided, or that nobody could tell. */
export interface ReadingShare {
  who: Decider | "cannot_tell";
  conversations: number;
  /** Of all that was read, in words. */
  share: string;
}

/** Who decided how many; what no reader could tell is one part of its own, at the end. */
export function sharesOf(deciders: readonly DeciderCount[]): ReadingShare[] {
  const undecided = deciders.reduce((sum, { cannot_tell }) => sum + cannot_tell, 0);
  const parts = [
    ...deciders.map(({ decider, decided }) => ({ who: decider, conversations: decided })),
    { who: "cannot_tell" as const, conversations: undecided },
  ].filter(({ conversations }) => conversations > 0);
  const total = parts.reduce((sum, { conversations }) => sum + conversations, 0);
  return parts.map((part) => ({ ...part, share: percent(part.conversations / total) }));
}
