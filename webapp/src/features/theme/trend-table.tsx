import type { TrendPoint } from "@/api/generated";
import * as m from "@/messages/charts";
import { count } from "@/messages/format";
import { DataTable } from "@/ui/data-table";
import { Time } from "@/ui/time";

export function TrendTable({ trend }: { trend: readonly TrendPoint[] }) {
  return (
    <DataTable
      caption={m.trendTitle}
      columns={[{ name: m.week }, { name: m.conversations, number: true }]}
      rows={trend.toReversed().map(({ week, conversations }) => ({
        key: week,
        cells: [<Time key="week" at={week} as="day" zone="UTC" />, count(conversations)],
      }))}
    />
  );
}
