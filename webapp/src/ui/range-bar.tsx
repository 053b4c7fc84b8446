import type { Change } from "@/api/generated";
import styles from "./range-bar.module.css";
import { ratioPosition } from "./ratio-scale";

const WIDTH = 104;
const HEIGHT = 14;
const MARGIN = 5;
const place = (ratio: number): number => MARGIN + ratioPosition(ratio) * (WIDTH - 2 * MARGIN);

/** The interval of a change around 1×, as usual; the numbers stand beside it as text. */
export function RangeBar({ change }: { change: Change }) {
  const { value, low, high } = change;
  const known = value !== null || low > 0;
  const middle = HEIGHT / 2;
  const end = high === null ? WIDTH - MARGIN : place(high);
  return (
    <svg
      className={styles.bar}
      width={WIDTH}
      height={HEIGHT}
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      aria-hidden="true"
    >
      <line className={styles.axis} x1={MARGIN} x2={WIDTH - MARGIN} y1={middle} y2={middle} />
      <line className={styles.usual} x1={place(1)} x2={place(1)} y1={1} y2={HEIGHT - 1} />
      {known && (
        <line
          className={styles.range}
          x1={place(low)}
          x2={Math.max(end, place(low) + 1)}
          y1={middle}
          y2={middle}
        />
      )}
      {known && high === null && (
        <path className={styles.arrow} d={`M${end - 3} ${middle - 3.5}l4 3.5l-4 3.5`} />
      )}
      {value !== null && <circle className={styles.value} cx={place(value)} cy={middle} r={3.5} />}
    </svg>
  );
}
