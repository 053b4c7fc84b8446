import type { Interval } from "@/api/generated";
import { rate } from "@/messages/format";
import { range } from "@/messages/stories";
import styles from "./estimate.module.css";

/** A figure with its interval: "41 (29 to 56)". */
export function Estimate({ interval: { value, low, high } }: { interval: Interval }) {
  return (
    <span className={styles.estimate}>
      {rate(value)} <span className={styles.range}>({range(low, high)})</span>
    </span>
  );
}
