import { count } from "@/messages/format";
import { countTicks } from "./axis";
import styles from "./count-axis.module.css";

/** The frame of a chart of counts over time, in pixels. */
export interface Frame {
  width: number;
  /** Where the bars begin, and where zero is. */
  left: number;
  floor: number;
  /** Height of a count. */
  heightOf: (value: number) => number;
  ticks: number[];
}

const LEFT = 36;
const TOP = 8;
const BOTTOM = 24;

export function frameOf(width: number, height: number, largest: number): Frame {
  const ticks = countTicks(largest, Math.max(Math.round(height / 50), 2));
  const highest = ticks.at(-1) ?? 1;
  const floor = height - BOTTOM;
  return {
    width,
    left: LEFT,
    floor,
    ticks,
    heightOf: (value) => (value / highest) * (floor - TOP),
  };
}

/** Lines at round counts, with their numbers. */
export function CountAxis({ frame }: { frame: Frame }) {
  return frame.ticks.map((tick) => {
    const y = frame.floor - frame.heightOf(tick);
    return (
      <g key={tick}>
        <line
          className={tick === 0 ? styles.axis : styles.grid}
          x1={frame.left}
          x2={frame.width}
          y1={y}
          y2={y}
        />
        <text className={styles.tick} x={frame.left - 8} y={y + 4}>
          {count(tick)}
        </text>
      </g>
    );
  });
}

interface DateLabelProps {
  frame: Frame;
  /** Where the middle of the label should be; it is moved to stay inside. */
  x: number;
  text: string;
}

const HALF_LABEL = 24;

export function DateLabel({ frame, x, text }: DateLabelProps) {
  const inside = Math.min(Math.max(x, frame.left + HALF_LABEL), frame.width - HALF_LABEL);
  return (
    <text className={styles.date} x={inside} y={frame.floor + 18}>
      {text}
    </text>
  );
}
