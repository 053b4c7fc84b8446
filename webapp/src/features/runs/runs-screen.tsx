import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { Run } from "@/api/generated";
import { listRunsOptions } from "@/api/generated/@tanstack/react-query.gen";
import { useWorkspace } from "@/app/workspace-context";
import { none } from "@/messages/controls";
import { duration } from "@/messages/format";
import * as m from "@/messages/runs";
import { runCommand } from "@/messages/shell";
import { stages } from "@/messages/words";
import { Command } from "@/ui/command";
import { DataTable } from "@/ui/data-table";
import { Page } from "@/ui/page";
import { RunStatusBadge } from "@/ui/run-status";
import { Empty, ProblemPanel, QueryView, SkeletonLines } from "@/ui/states";
import { Time } from "@/ui/time";
import { elapsed } from "./progress";
import { StartButton, useStartRun } from "./start-button";

const POLL_MILLISECONDS = 3000;

export function RunsScreen() {
  const { path } = useWorkspace();
  const query = useQuery({
    ...listRunsOptions({ path }),
    refetchInterval: ({ state }) =>
      state.data?.some((run) => !run.finished_at) ? POLL_MILLISECONDS : false,
  });
  const start = useStartRun();
  return (
    <Page title={m.title} lead={m.lead} actions={<StartButton start={start} />}>
      {start.error && <ProblemPanel error={start.error} />}
      <QueryView query={query} skeleton={<SkeletonLines count={6} height="2rem" />}>
        {(runs) => (runs.length > 0 ? <RunTable runs={runs} /> : <NoRuns />)}
      </QueryView>
    </Page>
  );
}

function RunTable({ runs }: { runs: readonly Run[] }) {
  const { code } = useWorkspace();
  const noted = runs.some((run) => describe(run) !== "");
  return (
    <DataTable
      caption={m.list}
      columns={[
        { name: m.columns.run },
        { name: m.columns.status },
        { name: m.columns.started },
        { name: m.columns.duration, number: true },
        ...(noted ? [{ name: m.columns.note }] : []),
      ]}
      rows={runs.map((run) => {
        const took = elapsed(run, Date.now());
        return {
          key: `${run.id}`,
          cells: [
            <Link
              key="run"
              to="/w/$workspace/runs/$id"
              params={{ workspace: code, id: `${run.id}` }}
            >
              {m.run(run.id)}
            </Link>,
            <RunStatusBadge key="status" status={run.status} />,
            <Time key="started" at={run.started_at ?? run.created_at} />,
            took === null ? none : duration(took),
            ...(noted ? [describe(run)] : []),
          ],
        };
      })}
    />
  );
}

function describe(run: Run): string {
  if (run.error) return run.error;
  if (run.status === "queued") return m.waiting;
  return run.stage ? m.atStage(stages[run.stage]) : "";
}

function NoRuns() {
  return (
    <Empty title={m.empty}>
      <p>{m.emptyText}</p>
      <Command text={runCommand} />
    </Empty>
  );
}
