const DAY = 86_400_000;

/** The window that a week is compared with: the 28 days before it. */
export function fourWeeksBefore(since: string): { since: string; until: string } {
  return { since: new Date(Date.parse(since) - 28 * DAY).toISOString(), until: since };
}
