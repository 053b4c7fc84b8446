import type { CoverageDay } from "@/api/generated";
import * as m from "@/messages/coverage";
import { count, date } from "@/messages/format";
import { countTicks } from "@/ui/axis";
import styles from "./day-chart.module.css";
import { toShares } from "./day-shares";

const WIDTH = 960;
const HEIGHT = 150;
const LEFT = 36;
const TOP = 8;
const BOTTOM = 24;
const DAY = 86_400_000;
const DATES = 6;

/** A column per day, from the first to the last, empty days included. */
export function DayChart({ days }: { days: readonly CoverageDay[] }) {
  const first = Date.parse(days[0]?.day ?? "");
  const last = Date.parse(days.at(-1)?.day ?? "");
  const length = Math.round((last - first) / DAY) + 1;
  const ticks = countTicks(Math.max(...days.map(({ listed }) => listed), 0), 3);
  const largest = ticks.at(-1) ?? 1;
  const floor = HEIGHT - BOTTOM;
  const step = (WIDTH - LEFT) / Math.max(length, 1);
  const heightOf = (value: number) => (value / largest) * (floor - TOP);
  const placeOf = (day: string) => LEFT + ((Date.parse(day) - first) / DAY) * step;
  const dates = Array.from(
    { length: DATES },
    (_, at) => first + (at * (last - first)) / (DATES - 1),
  );
  return (
    <>
      <svg
        className={styles.chart}
        role="img"
        aria-label={m.perDay}
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
        {days.map((day) => (
          <DayColumn
            key={day.day}
            day={day}
            x={placeOf(day.day)}
            width={Math.max(step * 0.8, 1)}
            floor={floor}
            heightOf={heightOf}
          />
        ))}
        {dates.map((moment, at) => (
          <text
            key={moment}
            className={
              at === 0 ? styles.firstDate : at === DATES - 1 ? styles.lastDate : styles.date
            }
            x={LEFT + (at * (WIDTH - LEFT)) / (DATES - 1)}
            y={HEIGHT - 6}
          >
            {date(new Date(moment), "shortDay", "UTC")}
          </text>
        ))}
      </svg>
      <Legend days={days} />
    </>
  );
}

interface DayColumnProps {
  day: CoverageDay;
  x: number;
  width: number;
  floor: number;
  heightOf: (value: number) => number;
}

function DayColumn({ day, x, width, floor, heightOf }: DayColumnProps) {
  const { whole, partly, failed } = toShares(day);
  const wholeTop = floor - heightOf(whole);
  const partlyTop = wholeTop - heightOf(partly);
  return (
    <g>
      <title>{m.dayLabel(date(day.day, "day", "UTC"), day.listed, partly + failed)}</title>
      <rect className={styles.whole} {...{ x, width }} y={wholeTop} height={heightOf(whole)} />
      <rect className={styles.partly} {...{ x, width }} y={partlyTop} height={heightOf(partly)} />
      <rect
        className={styles.failed}
        {...{ x, width }}
        y={partlyTop - heightOf(failed)}
        height={heightOf(failed)}
      />
    </g>
  );
}

function Legend({ days }: { days: readonly CoverageDay[] }) {
  const shares = days.map(toShares);
  const kinds = [
    { name: m.complete, look: styles.wholeKey, shown: true },
    { name: m.partly, look: styles.partlyKey, shown: shares.some(({ partly }) => partly > 0) },
    { name: m.failedDay, look: styles.failedKey, shown: shares.some(({ failed }) => failed > 0) },
  ];
  return (
    <ul className={styles.legend}>
      {kinds
        .filter(({ shown }) => shown)
        .map(({ name, look }) => (
          <li key={name}>
            <span className={look} aria-hidden="true" />
            {name}
          </li>
        ))}
    </ul>
  );
}
