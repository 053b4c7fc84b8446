import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import type { CoverageReport } from "@/api/generated";
import { getCoverageOptions } from "@/api/generated/@tanstack/react-query.gen";
import { useWorkspace } from "@/app/workspace-context";
import * as m from "@/messages/coverage";
import { ChartSection } from "@/ui/chart-section";
import { Page } from "@/ui/page";
import { Empty, QueryView, SkeletonLines } from "@/ui/states";
import styles from "./coverage-screen.module.css";
import { CoverageTotals } from "./coverage-totals";
import { DayChart } from "./day-chart";
import { DayTable } from "./day-table";
import { Failures } from "./failures";
import { GapTables } from "./gap-tables";
import { Notifications } from "./notifications";
import { Unreadable } from "./unreadable";

export function CoverageScreen() {
  const { path } = useWorkspace();
  const query = useQuery(getCoverageOptions({ path }));
  return (
    <Page title={m.title} lead={m.lead}>
      <QueryView query={query} skeleton={<SkeletonLines count={6} height="2.5rem" />}>
        {(report) => (report.total.listed > 0 ? <Report report={report} /> : <NothingListed />)}
      </QueryView>
    </Page>
  );
}

const route = getRouteApi("/w/$workspace/coverage");

function Report({ report }: { report: CoverageReport }) {
  const { total, days, gaps } = report;
  const { chart } = route.useSearch();
  const navigate = route.useNavigate();
  return (
    <div className={styles.parts}>
      <CoverageTotals total={total} />
      <ChartSection
        title={m.perDay}
        note={m.perDayNote}
        asTable={chart === "table"}
        onToggle={(asTable) =>
          void navigate({
            search: { chart: asTable ? "table" : undefined },
            replace: true,
            resetScroll: false,
          })
        }
        chart={<DayChart days={days} />}
        table={<DayTable days={days} />}
      />
      <Failures />
      <section aria-labelledby="gaps">
        <h2 id="gaps">{m.gaps}</h2>
        <GapTables gaps={gaps} />
      </section>
      <Unreadable rows={report.unreadable} />
      <Notifications report={report} />
    </div>
  );
}

function NothingListed() {
  const { path } = useWorkspace();
  return (
    <Empty title={m.empty}>
      <p>{m.emptyText}</p>
      <p>
        <Link to="/w/$workspace/runs" params={path}>
          {m.toRuns}
        </Link>
      </p>
    </Empty>
  );
}
