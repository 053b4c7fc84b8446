import type { CoverageDay } from "@/api/generated";
import * as m from "@/messages/coverage";
import { count } from "@/messages/format";
import { DataTable } from "@/ui/data-table";
import { Time } from "@/ui/time";

const numbers = ["listed", "stored", "incomplete", "pending", "skipped", "failed"] as const;

export function DayTable({ days }: { days: readonly CoverageDay[] }) {
  return (
    <DataTable
      caption={m.perDay}
      columns={[
        { name: m.day },
        ...numbers.map((name) => ({ name: m.totals[name], number: true })),
      ]}
      rows={days.toReversed().map((day) => ({
        key: day.day,
        cells: [
          <Time key="day" at={day.day} as="day" zone="UTC" />,
          ...numbers.map((name) => count(day[name])),
        ],
      }))}
    />
  );
}
