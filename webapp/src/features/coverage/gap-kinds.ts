import type { CoverageGap } from "@/api/generated";
import type { GapKind } from "@/messages/coverage";

const kinds: Record<string, GapKind> = { stored: "truncated", skipped: "left_out" };

/**
 * Gaps by what they are, the worst kind first; a status that is not known yet is missing.
 * Failures are left out: they have a table of their own, with what can be done.
 */
export function groupGaps(gaps: readonly CoverageGap[]): [GapKind, CoverageGap[]][] {
  const groups: Record<GapKind, CoverageGap[]> = { missing: [], truncated: [], left_out: [] };
  for (const gap of gaps) {
    if (gap.status !== "failed") groups[kinds[gap.status] ?? "missing"].push(gap);
  }
  const order: GapKind[] = ["missing", "truncated", "left_out"];
  return order.map((kind): [GapKind, CoverageGap[]] => [kind, groups[kind]]).filter(isFilled);
}

const isFilled = ([, gaps]: [GapKind, CoverageGap[]]): boolean => gaps.length > 0;
