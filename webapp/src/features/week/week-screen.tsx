import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { Run, Week } from "@/api/generated";
import { getWeekOptions } from "@/api/generated/@tanstack/react-query.gen";
import { useWorkspace } from "@/app/workspace-context";
import { demoCommand, runCommand } from "@/messages/shell";
import * as m from "@/messages/week";
import { Command } from "@/ui/command";
import { Page } from "@/ui/page";
import { Empty, QueryView, SkeletonLines } from "@/ui/states";
import { Time } from "@/ui/time";
import { Categories } from "./categories";
import { CoverageLine } from "./coverage-line";
import { DriverList } from "./driver-list";
import { LastRun } from "./last-run";
import { Remainder } from "./remainder";
import styles from "./week-screen.module.css";

const POLL_MILLISECONDS = 5000;

const isUnderWay = (week: Week | undefined): boolean =>
  week?.last_run != null && week.last_run.finished_at == null;

export function WeekScreen() {
  const { path } = useWorkspace();
  const query = useQuery({
    ...getWeekOptions({ path }),
    refetchInterval: ({ state }) => (isUnderWay(state.data) ? POLL_MILLISECONDS : false),
  });
  return (
    <Page title={m.title} lead={query.data && <Lead week={query.data} />}>
      <QueryView query={query} skeleton={<SkeletonLines count={8} height="2.5rem" />}>
        {(week) => (
          <>
            {isUnderWay(week) && week.last_run && <UnderWay run={week.last_run} />}
            {week.until ? <Report week={week} /> : !isUnderWay(week) && <NoConversations />}
          </>
        )}
      </QueryView>
    </Page>
  );
}

function Lead({ week }: { week: Week }) {
  if (!week.since || !week.until) return null;
  const lastDay = new Date(Date.parse(week.until) - 1).toISOString();
  return (
    <div className={styles.lead}>
      <p>
        {m.period(
          <Time key="since" at={week.since} as="day" zone="UTC" />,
          <Time key="until" at={lastDay} as="day" zone="UTC" />,
        )}
      </p>
      <CoverageLine week={week} />
    </div>
  );
}

/** Where the whole interval of the change lies above 1×, the theme is not there by chance. */
const countRisen = ({ drivers }: Week): number =>
  drivers.filter(({ change }) => change.low > 1).length;

function Report({ week }: { week: Week }) {
  return (
    <div className={styles.columns}>
      <section aria-labelledby="drivers">
        <h2 id="drivers">{m.driversTitle}</h2>
        {week.drivers.length > 0 && (
          <p className={styles.finding}>{m.driversOrder(countRisen(week))}</p>
        )}
        <p className={styles.note}>{m.driversNote}</p>
        <DriverList week={week} />
      </section>
      <div className={styles.side}>
        <Categories categories={week.categories} />
        <Remainder week={week} />
        <LastRun run={week.last_run} />
      </div>
    </div>
  );
}

/** The figures below are of a moment in a run: they are not final, and they say so. */
function UnderWay({ run }: { run: Run }) {
  const { code } = useWorkspace();
  return (
    <p className={styles.underWay}>
      {m.underWay}{" "}
      <Link to="/w/$workspace/runs/$id" params={{ workspace: code, id: `${run.id}` }}>
        {m.watchRun}
      </Link>
    </p>
  );
}

function NoConversations() {
  const { path, detail } = useWorkspace();
  return (
    <Empty title={m.noConversations}>
      <p>{m.noConversationsText}</p>
      <Command text={detail.workspace.kind === "intercom" ? runCommand : demoCommand} />
      <p>
        <Link to="/w/$workspace/runs" params={path}>
          {m.goToRuns}
        </Link>
      </p>
    </Empty>
  );
}
