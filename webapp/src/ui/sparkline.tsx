import { sparklineLabel } from "@/messages/charts";
import styles from "./sparkline.module.css";
import { linePath, type Point, sparklinePoints } from "./sparkline-path";

const WIDTH = 112;
const HEIGHT = 26;

/** Counts per week as a line, oldest first; its highest week touches the top. */
export function Sparkline({ values }: { values: readonly number[] }) {
  const points = sparklinePoints(values, WIDTH, HEIGHT);
  const last: Point | undefined = points.at(-1);
  return (
    <svg
      className={styles.sparkline}
      role="img"
      aria-label={sparklineLabel(values)}
      width={WIDTH}
      height={HEIGHT}
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
    >
      <path d={linePath(points)} />
      {last && <circle cx={last.x} cy={last.y} r={2.2} />}
    </svg>
  );
}
