import type { TrendPoint } from "@/api/generated";
import { barLabel, trendTitle } from "@/messages/charts";
import { date } from "@/messages/format";
import { CountAxis, DateLabel, frameOf } from "@/ui/count-axis";
import { useWidth } from "@/ui/use-width";
import styles from "./trend-chart.module.css";

const HEIGHT = 190;
const GAP = 4;
/** Room that a date needs. */
const DATE_WIDTH = 90;

/** Conversations per week as bars; each says its numbers when pointed at. */
export function TrendChart({ trend }: { trend: readonly TrendPoint[] }) {
  const [ref, width] = useWidth<HTMLDivElement>();
  const largest = Math.max(...trend.map(({ conversations }) => conversations), 0);
  const frame = frameOf(width, HEIGHT, largest);
  const step = Math.max(width - frame.left, 0) / Math.max(trend.length, 1);
  const every = Math.max(Math.ceil(DATE_WIDTH / Math.max(step, 1)), 1);
  return (
    <div ref={ref} style={{ height: HEIGHT }}>
      {width > 0 && (
        <svg role="img" aria-label={trendTitle} width={width} height={HEIGHT}>
          <CountAxis frame={frame} />
          {trend.map(({ week, conversations }, at) => {
            const x = frame.left + at * step;
            const height = frame.heightOf(conversations);
            return (
              <g key={week} className={styles.week}>
                <title>{barLabel(date(week, "day", "UTC"), conversations)}</title>
                <rect className={styles.target} x={x} y={0} width={step} height={frame.floor} />
                <rect
                  className={styles.bar}
                  x={x + GAP / 2}
                  y={frame.floor - height}
                  width={Math.max(step - GAP, 1)}
                  height={height}
                  rx={2}
                />
                {(trend.length - 1 - at) % every === 0 && (
                  <DateLabel frame={frame} x={x + step / 2} text={date(week, "shortDay", "UTC")} />
                )}
              </g>
            );
          })}
        </svg>
      )}
    </div>
  );
}
