import { getRouteApi } from "@tanstack/react-router";
import type { Confidence, ReliabilityBin } from "@/api/generated";
import * as m from "@/messages/accuracy";
import { count, percent } from "@/messages/format";
import { ChartSection } from "@/ui/chart-section";
import { DataTable } from "@/ui/data-table";
import { ShareChart } from "./share-chart";
import styles from "./share-chart.module.css";

const route = getRouteApi("/w/$workspace/accuracy");

/** Of labels of about the same confidence: how many are right. */
export function CalibrationSection({ confidence: { bins, error } }: { confidence: Confidence }) {
  const { calibration } = route.useSearch();
  const navigate = route.useNavigate();
  const filled = bins.filter(({ labels }) => labels > 0);
  return (
    <ChartSection
      title={m.calibration}
      note={m.calibrationNote(error)}
      asTable={calibration === "table"}
      onToggle={(asTable) =>
        void navigate({
          search: (now) => ({ ...now, calibration: asTable ? "table" : undefined }),
          replace: true,
          resetScroll: false,
        })
      }
      chart={<Chart bins={filled} />}
      table={<Table bins={filled} />}
    />
  );
}

function Chart({ bins }: { bins: readonly ReliabilityBin[] }) {
  return (
    <ShareChart label={m.calibration} across={m.confidenceAxis}>
      {({ x, y }) => (
        <>
          <line className={styles.ideal} x1={x(0)} y1={y(0)} x2={x(1)} y2={y(1)} />
          {bins.map(({ low, confidence, accuracy, labels }) => (
            <g key={low}>
              <title>{m.pointLabel(confidence, accuracy, labels)}</title>
              <line
                className={styles.whisker}
                x1={x(confidence)}
                x2={x(confidence)}
                y1={y(accuracy.low)}
                y2={y(accuracy.high)}
              />
              <circle className={styles.point} cx={x(confidence)} cy={y(accuracy.value)} r={5} />
            </g>
          ))}
        </>
      )}
    </ShareChart>
  );
}

function Table({ bins }: { bins: readonly ReliabilityBin[] }) {
  const { bin, ...numbers } = m.calibrationColumns;
  return (
    <DataTable
      caption={m.calibration}
      columns={[{ name: bin }, ...Object.values(numbers).map((name) => ({ name, number: true }))]}
      rows={bins.map(({ low, high, labels, confidence, accuracy }) => ({
        key: `${low}`,
        cells: [m.bin(low, high), count(labels), percent(confidence), m.share(accuracy)],
      }))}
    />
  );
}
