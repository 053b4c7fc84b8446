import type { Estimate } from "@/api/generated";
import * as m from "@/messages/measured";
import styles from "./measured.module.css";

interface MeasuredProps {
  estimate: Estimate | null | undefined;
  /** A share instead of a number; or a number where there is little room. */
  as?: "count" | "share" | "brief";
}

/** Beside a raw figure: what it would be if people had read everything, or that nobody knows yet. */
export function Measured({ estimate, as = "count" }: MeasuredProps) {
  if (!estimate) return null;
  return (
    <span className={styles.measured} title={m.basis(estimate)}>
      {wordsOf(estimate, as)}
    </span>
  );
}

function wordsOf(estimate: Estimate, as: MeasuredProps["as"]): string {
  const { count, share, missing } = estimate;
  if (!count || !share) return as === "brief" ? m.notMeasuredBrief : m.missing(missing);
  if (as === "share") return m.aboutShare(share);
  return as === "brief" ? m.brief(count) : m.about(count);
}
