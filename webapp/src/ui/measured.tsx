import { Link } from "@tanstack/react-router";
import type { Estimate } from "@/api/generated";
import { useWorkspace } from "@/app/workspace-context";
import type { ExplainSearch } from "@/features/explain/search";
import { explain as explainWord } from "@/messages/explain";
import * as m from "@/messages/measured";
import styles from "./measured.module.css";

interface MeasuredProps {
  estimate: Estimate | null | undefined;
  /** A share instead of a number; or a number where there is little room. */
  as?: "count" | "share" | "brief";
  /** The figure, for the page that explains it. */
  explain?: ExplainSearch;
}

/** Beside a raw figure: what it would be if people had read everything, or that nobody knows yet. */
export function Measured({ estimate, as = "count", explain }: MeasuredProps) {
  const { path } = useWorkspace();
  if (!estimate && !explain) return null;
  const words = estimate ? wordsOf(estimate, as) : explainWord;
  return (
    <span className={styles.measured} title={estimate ? m.basis(estimate) : undefined}>
      {explain ? (
        <Link to="/w/$workspace/explain" params={path} search={explain}>
          {words}
        </Link>
      ) : (
        words
      )}
    </span>
  );
}

function wordsOf(estimate: Estimate, as: MeasuredProps["as"]): string {
  const { count, share, missing } = estimate;
  if (!count || !share) return as === "brief" ? m.notMeasuredBrief : m.missing(missing);
  if (as === "share") return m.aboutShare(share);
  return as === "brief" ? m.brief(count) : m.about(count);
}
