import type { Week } from "@/api/generated";
import * as m from "@/messages/week";

/** Conversations with a label of the whole thread, `cannot_tell` and spam included. */
export const readConversations = (week: Week): number =>
  week.categories.reduce((sum, { conversations }) => sum + conversations, 0);

/** What is missing, in words; nothing if every conversation is there, whole and read. */
export function describeGaps(week: Week): string[] {
  const { expected, stored, failed, skipped, unreadable, incomplete } = week.coverage;
  const notFetched = Math.max(expected - stored - failed - skipped, 0);
  const notRead = Math.max(stored - readConversations(week), 0);
  const gaps: [number, (value: number) => string][] = [
    [notRead, m.notReadYet],
    [incomplete, m.incomplete],
    [notFetched, m.notFetched],
    [failed, m.failed],
    [skipped, m.skipped],
    [unreadable, m.unreadable],
  ];
  return gaps.filter(([value]) => value > 0).map(([value, say]) => say(value));
}
