import { oneOf, type RawSearch } from "@/app/search";

/** Whether a chart is shown as its table. */
export interface ChartSearch {
  chart?: "table";
}

export const readChartSearch = (raw: RawSearch): ChartSearch => ({
  chart: oneOf(raw.chart, ["table"]),
});
