import type { Change } from "@/api/generated";
import { estimate, interval } from "@/messages/change";
import styles from "./change-figure.module.css";
import { RangeBar } from "./range-bar";

/** A change: the estimate and its interval as text, and the interval as a bar. */
export function ChangeFigure({ change }: { change: Change }) {
  const range = interval(change);
  return (
    <span className={styles.figure}>
      <RangeBar change={change} />
      <span>
        <span className={styles.estimate}>{estimate(change)}</span>
        {range && <span className={styles.range}> ({range})</span>}
      </span>
    </span>
  );
}
