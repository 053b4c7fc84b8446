import { getRouteApi } from "@tanstack/react-router";
import type { RiskPoint } from "@/api/generated";
import * as m from "@/messages/accuracy";
import { percent } from "@/messages/format";
import { ChartSection } from "@/ui/chart-section";
import { DataTable } from "@/ui/data-table";
import { ShareChart } from "./share-chart";
import styles from "./share-chart.module.css";

const route = getRouteApi("/w/$workspace/accuracy");

/** How much is wrong of what the machine decides, the surest first. */
export function RiskSection({ points }: { points: readonly RiskPoint[] }) {
  const { risk } = route.useSearch();
  const navigate = route.useNavigate();
  if (points.length === 0) return null;
  return (
    <ChartSection
      title={m.risk}
      note={m.riskNote}
      asTable={risk === "table"}
      onToggle={(asTable) =>
        void navigate({
          search: (now) => ({ ...now, risk: asTable ? "table" : undefined }),
          replace: true,
          resetScroll: false,
        })
      }
      chart={<Chart points={points} />}
      table={<Table points={points} />}
    />
  );
}

function Chart({ points }: { points: readonly RiskPoint[] }) {
  // Quarters of the axis are to be whole percentages.
  const highest = Math.max(Math.ceil(Math.max(...points.map((at) => at.risk)) * 25) / 25, 0.04);
  return (
    <ShareChart label={m.risk} across={m.riskColumns.coverage} highest={highest}>
      {({ x, y }) => (
        <polyline
          className={styles.curve}
          points={points.map(({ coverage, risk }) => `${x(coverage)},${y(risk)}`).join(" ")}
        />
      )}
    </ShareChart>
  );
}

function Table({ points }: { points: readonly RiskPoint[] }) {
  return (
    <DataTable
      caption={m.risk}
      columns={[{ name: m.riskColumns.coverage }, { name: m.riskColumns.risk, number: true }]}
      rows={points.map(({ coverage, risk }) => ({
        key: `${coverage}`,
        cells: [percent(coverage), percent(risk)],
      }))}
    />
  );
}
