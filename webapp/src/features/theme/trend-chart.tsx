import type { TrendPoint } from "@/api/generated";
import { barLabel, trendTitle } from "@/messages/charts";
import { count, date } from "@/messages/format";
import { countTicks } from "@/ui/axis";
import styles from "./trend-chart.module.css";

const WIDTH = 760;
const HEIGHT = 180;
const LEFT = 36;
const TOP = 8;
const BOTTOM = 24;
const GAP = 4;
/** A date under every so many bars. */
const LABEL_EVERY = 5;

/** Conversations per week as bars; each says its numbers when pointed at. */
export function TrendChart({ trend }: { trend: readonly TrendPoint[] }) {
  const ticks = countTicks(Math.max(...trend.map(({ conversations }) => conversations), 0));
  const largest = ticks.at(-1) ?? 1;
  const step = (WIDTH - LEFT) / Math.max(trend.length, 1);
  const floor = HEIGHT - BOTTOM;
  const heightOf = (value: number) => (value / largest) * (floor - TOP);
  return (
    <svg
      className={styles.chart}
      role="img"
      aria-label={trendTitle}
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
    >
      {ticks.map((tick) => (
        <g key={tick}>
          <line
            className={tick === 0 ? styles.axis : styles.grid}
            x1={LEFT}
            x2={WIDTH}
            y1={floor - heightOf(tick)}
            y2={floor - heightOf(tick)}
          />
          <text className={styles.tick} x={LEFT - 8} y={floor - heightOf(tick) + 4}>
            {count(tick)}
          </text>
        </g>
      ))}
      {trend.map(({ week, conversations }, at) => (
        <g key={week} className={styles.week}>
          <title>{barLabel(date(week, "day", "UTC"), conversations)}</title>
          <rect
            className={styles.target}
            x={LEFT + at * step}
            y={TOP}
            width={step}
            height={floor - TOP}
          />
          <rect
            className={styles.bar}
            x={LEFT + at * step + GAP / 2}
            y={floor - heightOf(conversations)}
            width={step - GAP}
            height={heightOf(conversations)}
            rx={2}
          />
          {(trend.length - 1 - at) % LABEL_EVERY === 0 && (
            <text className={styles.date} x={LEFT + (at + 0.5) * step} y={HEIGHT - 6}>
              {date(week, "shortDay", "UTC")}
            </text>
          )}
        </g>
      ))}
    </svg>
  );
}
