import type { CoverageDay } from "@/api/generated";

/** A day's conversations by what a reader can trust: whole, not whole, failed. */
export interface DayShares {
  whole: number;
  partly: number;
  failed: number;
}

export function toShares(day: CoverageDay): DayShares {
  const { listed, stored, incomplete, failed } = day;
  const whole = Math.max(stored - incomplete, 0);
  return { whole, failed, partly: Math.max(listed - whole - failed, 0) };
}
