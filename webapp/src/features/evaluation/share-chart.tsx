import type { ReactNode } from "react";
import { percent } from "@/messages/format";
import { useWidth } from "@/ui/use-width";
import styles from "./share-chart.module.css";

const HEIGHT = 260;
const WIDEST = 520;
const LEFT = 44;
const RIGHT = 20;
const TOP = 10;
const BOTTOM = 40;
const PARTS = 4;

export interface Plane {
  x: (share: number) => number;
  y: (share: number) => number;
}

interface ShareChartProps {
  label: string;
  across: string;
  /** The highest share of the upright axis. */
  highest?: number;
  children: (plane: Plane) => ReactNode;
}

/** A plane of two shares of 1, with its axes. */
export function ShareChart({ label, across, highest = 1, children }: ShareChartProps) {
  const [ref, room] = useWidth<HTMLDivElement>();
  const width = Math.min(room, WIDEST);
  const plane: Plane = {
    x: (share) => LEFT + share * (width - LEFT - RIGHT),
    y: (share) => HEIGHT - BOTTOM - (share / highest) * (HEIGHT - BOTTOM - TOP),
  };
  return (
    <div ref={ref} style={{ height: HEIGHT }}>
      {width > 0 && (
        <svg role="img" aria-label={label} width={width} height={HEIGHT}>
          <Axes plane={plane} highest={highest} />
          <text className={styles.name} x={plane.x(0.5)} y={HEIGHT - 4}>
            {across}
          </text>
          {children(plane)}
        </svg>
      )}
    </div>
  );
}

const steps = Array.from({ length: PARTS + 1 }, (_, at) => at / PARTS);

function Axes({ plane, highest }: { plane: Plane; highest: number }) {
  return steps.map((step) => (
    <g key={step}>
      <line
        className={styles.grid}
        x1={plane.x(0)}
        x2={plane.x(1)}
        y1={plane.y(step * highest)}
        y2={plane.y(step * highest)}
      />
      <text className={styles.tick} x={plane.x(0) - 8} y={plane.y(step * highest) + 4}>
        {percent(step * highest)}
      </text>
      <text className={styles.name} x={plane.x(step)} y={HEIGHT - BOTTOM + 18}>
        {percent(step)}
      </text>
    </g>
  ));
}
