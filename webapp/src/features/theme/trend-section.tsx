import { getRouteApi } from "@tanstack/react-router";
import type { TrendPoint } from "@/api/generated";
import { trendNote, trendTitle } from "@/messages/charts";
import { ChartSection } from "@/ui/chart-section";
import { TrendChart } from "./trend-chart";
import { TrendTable } from "./trend-table";

const route = getRouteApi("/w/$workspace/themes/$id");

/** Half a year of weeks, as bars or as the same numbers in a table. */
export function TrendSection({ theme, trend }: { theme: number; trend: readonly TrendPoint[] }) {
  const { chart } = route.useSearch();
  const navigate = route.useNavigate();
  return (
    <ChartSection
      title={trendTitle}
      note={trendNote}
      asTable={chart === "table"}
      onToggle={(asTable) =>
        void navigate({
          search: { chart: asTable ? "table" : undefined },
          replace: true,
          resetScroll: false,
        })
      }
      chart={<TrendChart trend={trend} />}
      table={<TrendTable theme={theme} trend={trend} />}
    />
  );
}
