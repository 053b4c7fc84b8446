import { Link } from "@tanstack/react-router";
import type { TrendPoint } from "@/api/generated";
import { useWorkspace } from "@/app/workspace-context";
import * as m from "@/messages/charts";
import { count } from "@/messages/format";
import { DataTable } from "@/ui/data-table";
import { Time } from "@/ui/time";
import { weekFrom } from "@/ui/windows";

interface TrendTableProps {
  theme: number;
  trend: readonly TrendPoint[];
}

/** The same weeks as numbers, each of which leads to what it counts. */
export function TrendTable({ theme, trend }: TrendTableProps) {
  const { path } = useWorkspace();
  return (
    <DataTable
      caption={m.trendTitle}
      columns={[{ name: m.week }, { name: m.conversations, number: true }]}
      rows={trend.toReversed().map(({ week, conversations }) => ({
        key: week,
        cells: [
          <Time key="week" at={week} as="day" zone="UTC" />,
          conversations === 0 ? (
            count(0)
          ) : (
            <Link
              key="count"
              to="/w/$workspace/explain"
              params={path}
              search={{ kind: "theme", id: `${theme}`, ...weekFrom(week) }}
            >
              {count(conversations)}
            </Link>
          ),
        ],
      }))}
    />
  );
}
