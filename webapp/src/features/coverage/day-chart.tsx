import type { CoverageDay } from "@/api/generated";
import * as m from "@/messages/coverage";
import { date } from "@/messages/format";
import { CountAxis, DateLabel, type Frame, frameOf } from "@/ui/count-axis";
import { useWidth } from "@/ui/use-width";
import styles from "./day-chart.module.css";
import { toShares } from "./day-shares";

const HEIGHT = 150;
const DAY = 86_400_000;
/** Room that a date needs. */
const DATE_WIDTH = 120;

/** A column per day, from the first to the last, empty days included. */
export function DayChart({ days }: { days: readonly CoverageDay[] }) {
  const [ref, width] = useWidth<HTMLDivElement>();
  return (
    <>
      <div ref={ref} style={{ height: HEIGHT }}>
        {width > 0 && days.length > 0 && <Columns days={days} width={width} />}
      </div>
      <Legend days={days} />
    </>
  );
}

function Columns({ days, width }: { days: readonly CoverageDay[]; width: number }) {
  const first = Date.parse(days[0]?.day ?? "");
  const last = Date.parse(days.at(-1)?.day ?? "");
  const frame = frameOf(width, HEIGHT, Math.max(...days.map(({ listed }) => listed)));
  const step = (width - frame.left) / (Math.round((last - first) / DAY) + 1);
  const placeOf = (moment: number) => frame.left + ((moment - first) / DAY) * step;
  const dates = Math.max(Math.floor((width - frame.left) / DATE_WIDTH), 2);
  return (
    <svg role="img" aria-label={m.perDay} width={width} height={HEIGHT}>
      <CountAxis frame={frame} />
      {days.map((day) => (
        <DayColumn
          key={day.day}
          day={day}
          frame={frame}
          x={placeOf(Date.parse(day.day))}
          width={Math.max(step * 0.8, 1)}
        />
      ))}
      {Array.from({ length: dates }, (_, at) => first + (at / (dates - 1)) * (last - first)).map(
        (moment) => (
          <DateLabel
            key={moment}
            frame={frame}
            x={placeOf(moment)}
            text={date(new Date(moment), "shortDay", "UTC")}
          />
        ),
      )}
    </svg>
  );
}

interface DayColumnProps {
  day: CoverageDay;
  frame: Frame;
  x: number;
  width: number;
}

function DayColumn({ day, frame: { floor, heightOf }, x, width }: DayColumnProps) {
  const { whole, partly, failed } = toShares(day);
  const wholeTop = floor - heightOf(whole);
  const partlyTop = wholeTop - heightOf(partly);
  const failedTop = partlyTop - heightOf(failed);
  const box = { x, width };
  return (
    <g>
      <title>{m.dayLabel(date(day.day, "day", "UTC"), day.listed, partly + failed)}</title>
      <rect className={styles.whole} {...box} y={wholeTop} height={heightOf(whole)} />
      <rect className={styles.partly} {...box} y={partlyTop} height={heightOf(partly)} />
      <rect className={styles.failed} {...box} y={failedTop} height={heightOf(failed)} />
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
