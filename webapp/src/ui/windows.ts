import type { Estimate } from "@/api/generated";

const DAY = 86_400_000;

/** The window that a week is compared with: the 28 days before it. */
export function fourWeeksBefore(since: string): { since: string; until: string } {
  return { since: new Date(Date.parse(since) - 28 * DAY).toISOString(), until: since };
}

/** The week that begins at a moment. */
export function weekFrom(since: string): { since: string; until: string } {
  return { since, until: new Date(Date.parse(since) + 7 * DAY).toISOString() };
}

/** The window of an estimate, where it has one. */
export function windowOf({ since, until }: Estimate): { since?: string; until?: string } {
  return { ...(since ? { since } : {}), ...(until ? { until } : {}) };
}
