import type { Interval } from "@/api/generated";
import { rate } from "@/messages/format";
import { range } from "@/messages/stories";
import styles from "./estimate.module.css";

interface EstimateProps {
  interval: Interval;
  /** What is counted. */
  unit?: string;
}

/** A figure with its interval: "41 (29 to 56)". */
export function Estimate({ interval: { value, low, high }, unit }: EstimateProps) {
  return (
    <span className={styles.estimate}>
      {rate(value)} {unit && `${unit} `}
      <span className={styles.range}>({range(low, high)})</span>
    </span>
  );
}
