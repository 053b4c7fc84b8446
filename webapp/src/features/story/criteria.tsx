import type { AcceptanceCriterion } from "@/api/generated";
import * as m from "@/messages/stories";
import { Badge } from "@/ui/badge";
import styles from "./story-screen.module.css";

/** Given, when, then; what has no evidence is marked as an assumption. */
export function Criteria({ criteria }: { criteria: readonly AcceptanceCriterion[] }) {
  return (
    <ul className={styles.criteria}>
      {criteria.map(({ given, when, then, assumption }) => (
        <li key={`${given} ${when} ${then}`}>
          <span className={styles.keyword}>{m.givenWord}</span> {given},{" "}
          <span className={styles.keyword}>{m.whenWord}</span> {when},{" "}
          <span className={styles.keyword}>{m.thenWord}</span> {then}.{" "}
          {assumption && (
            <Badge tone="caution" title={m.assumptionMeaning}>
              {m.assumption}
            </Badge>
          )}
        </li>
      ))}
    </ul>
  );
}
