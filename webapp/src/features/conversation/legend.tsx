import type { EvidenceKind } from "@/api/generated";
import * as m from "@/messages/conversation";
import marks from "./marks.module.css";
import styles from "./thread.module.css";

const kinds = ["issue", "churn", "resolution"] as const satisfies readonly EvidenceKind[];

interface LegendProps {
  kinds: ReadonlySet<EvidenceKind>;
  target: boolean;
}

/** What the marks of this conversation mean. */
export function Legend({ kinds: present, target }: LegendProps) {
  if (present.size === 0 && !target) return null;
  return (
    <p className={styles.legend}>
      {m.legend}
      {target && <span className={marks.target}>{m.legendTarget}</span>}
      {kinds
        .filter((kind) => present.has(kind))
        .map((kind) => (
          <span key={kind} className={marks[kind]}>
            {m.legendKeys[kind]}
          </span>
        ))}
    </p>
  );
}
