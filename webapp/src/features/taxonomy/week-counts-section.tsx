import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import type { CategoryChart, TaxonomyVersion } from "@/api/generated";
import { countCategoriesOptions } from "@/api/generated/@tanstack/react-query.gen";
import { useWorkspace } from "@/app/workspace-context";
import { count, date } from "@/messages/format";
import * as m from "@/messages/taxonomy";
import { ChartSection } from "@/ui/chart-section";
import { DataTable } from "@/ui/data-table";
import { Sparkline } from "@/ui/sparkline";
import { ProblemPanel } from "@/ui/states";
import type { TaxonomySearch } from "./search";
import styles from "./taxonomy.module.css";
import { type CategoryRow, sideBySide, toRows } from "./week-counts";

const route = getRouteApi("/w/$workspace/taxonomy");

interface WeekCountsProps {
  newest: number;
  versions: readonly TaxonomyVersion[];
}

/** Conversations per week and category under a version, and beside it under another. */
export function WeekCounts({ newest, versions }: WeekCountsProps) {
  const { path } = useWorkspace();
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const version = search.version ?? newest;
  const beside = search.beside === version ? undefined : search.beside;
  const set = (next: Partial<TaxonomySearch>) =>
    void navigate({ search: { ...search, ...next }, replace: true, resetScroll: false });
  const left = useQuery(countCategoriesOptions({ path, query: { taxonomy: version } }));
  const right = useQuery({
    ...countCategoriesOptions({ path, query: { taxonomy: beside ?? version } }),
    enabled: beside !== undefined,
  });
  const error = left.error ?? right.error;
  const other = beside === undefined ? undefined : right.data;
  return (
    <div>
      <div className={styles.choices}>
        <VersionChoice
          label={m.version}
          value={version}
          versions={versions}
          newest={newest}
          onChange={(value) => set({ version: value === newest ? undefined : value })}
        />
        <VersionChoice
          label={m.compare}
          none={m.compareNone}
          value={beside}
          versions={versions.filter((row) => row.version !== version)}
          newest={newest}
          onChange={(value) => set({ beside: value })}
        />
      </div>
      {error && <ProblemPanel error={error} />}
      {left.data && (
        <ChartSection
          title={m.perWeek}
          note={m.perWeekNote(left.data.unread + (other?.unread ?? 0))}
          asTable={search.chart === "table"}
          onToggle={(asTable) => set({ chart: asTable ? "table" : undefined })}
          chart={<Lines left={left.data} right={other} />}
          table={<Numbers left={left.data} right={other} />}
        />
      )}
    </div>
  );
}

interface VersionChoiceProps {
  label: string;
  /** The name of choosing none, if that is possible. */
  none?: string;
  value: number | undefined;
  versions: readonly TaxonomyVersion[];
  newest: number;
  onChange: (value: number | undefined) => void;
}

function VersionChoice({ label, none, value, versions, newest, onChange }: VersionChoiceProps) {
  return (
    <label className={styles.choice}>
      {label}
      <select
        value={value ?? ""}
        onChange={(event) => onChange(Number(event.target.value) || undefined)}
      >
        {none && <option value="">{none}</option>}
        {versions.map(({ version }) => (
          <option key={version} value={version}>
            {m.versionName(version, version === newest)}
          </option>
        ))}
      </select>
    </label>
  );
}

interface BothProps {
  left: CategoryChart;
  right: CategoryChart | undefined;
}

function Lines({ left, right }: BothProps) {
  const { categoryName } = useWorkspace();
  const rows = sideBySide(toRows(left), right ? toRows(right) : []);
  if (rows.length === 0) return <p>{m.noCounts}</p>;
  const cells = (row: CategoryRow | undefined) => [
    row ? <Sparkline key="line" values={row.weeks} /> : "–",
    count(row?.sum ?? 0),
  ];
  return (
    <DataTable
      caption={m.perWeek}
      columns={[
        { name: m.category },
        { name: m.inVersion(left.version) },
        { name: m.sumOf(left.version), number: true },
        ...(right
          ? [{ name: m.inVersion(right.version) }, { name: m.sumOf(right.version), number: true }]
          : []),
      ]}
      rows={rows.map(([id, one, two]) => ({
        key: id,
        cells: [categoryName(id), ...cells(one), ...(right ? cells(two) : [])],
      }))}
    />
  );
}

function Numbers({ left, right }: BothProps) {
  const { categoryName } = useWorkspace();
  const charts = right ? [left, right] : [left];
  return charts.map((chart) => (
    <DataTable
      key={chart.version}
      caption={`${m.perWeek}, ${m.inVersion(chart.version)}`}
      columns={[
        { name: `${m.inVersion(chart.version)}` },
        ...chart.weeks.map(({ week }) => ({ name: date(week, "shortDay", "UTC"), number: true })),
      ]}
      rows={toRows(chart).map((row) => ({
        key: row.id,
        cells: [categoryName(row.id), ...row.weeks.map(count)],
      }))}
    />
  ));
}
