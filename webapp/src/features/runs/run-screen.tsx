import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useEffect } from "react";
import type { RunDetail } from "@/api/generated";
import { getRunOptions } from "@/api/generated/@tanstack/react-query.gen";
import { useWorkspace } from "@/app/workspace-context";
import { duration } from "@/messages/format";
import * as m from "@/messages/runs";
import { Page } from "@/ui/page";
import { Prose } from "@/ui/prose";
import { RunStatusBadge } from "@/ui/run-status";
import { QueryView, SkeletonLines } from "@/ui/states";
import { Time } from "@/ui/time";
import { useNow } from "@/ui/use-now";
import { Announcer } from "./announcer";
import { CancelButton } from "./cancel-button";
import { elapsed, merge, shownLog } from "./progress";
import { RunLog } from "./run-log";
import { ReadingNotices, RunReadingSection } from "./run-reading";
import styles from "./run-screen.module.css";
import { StageTable } from "./stage-table";
import { useRunEvents } from "./use-run-events";

const route = getRouteApi("/w/$workspace/runs/$id");
const POLL_MILLISECONDS = 2000;

export function RunScreen() {
  const { id } = route.useParams();
  return <RunPage key={id} id={id} />;
}

function RunPage({ id }: { id: string }) {
  const { code } = useWorkspace();
  const address = `/api/v1/workspaces/${encodeURIComponent(code)}/runs/${id}/events`;
  const path = { workspace: code, run_id: Number(id) };
  const snapshot = useQuery(getRunOptions({ path }));
  const [live, connection] = useRunEvents(address, Boolean(snapshot.data?.run.finished_at));
  const polling = connection === "lost" && !snapshot.data?.run.finished_at;
  const query = useQuery({
    ...getRunOptions({ path }),
    refetchInterval: polling ? POLL_MILLISECONDS : false,
  });
  const { refetch } = query;
  const changes = live.log.length;
  useEffect(() => {
    // A stage or the run has begun or ended: the full answer knows the exact figures.
    if (changes > 0) void refetch();
  }, [changes, refetch]);
  const detail = query.data && merge(query.data, live);
  return (
    <Page
      title={m.run(Number(id))}
      above={
        <Link to="/w/$workspace/runs" params={{ workspace: code }}>
          {m.back}
        </Link>
      }
      actions={detail && <CancelButton run={detail.run} />}
      lead={detail && <Lead detail={detail} />}
    >
      {polling && (
        <p className={styles.lost} role="status">
          {m.liveLost}
        </p>
      )}
      <QueryView query={query} skeleton={<SkeletonLines count={6} height="2.5rem" />}>
        {() =>
          detail && (
            <div className={styles.parts}>
              {detail.run.error && (
                <p className={styles.error}>
                  <Prose text={detail.run.error} />
                </p>
              )}
              {detail.run.status === "queued" && (
                <p>
                  <Prose text={m.queuedText} />
                </p>
              )}
              <ReadingNotices detail={detail} />
              <StageTable detail={detail} />
              <RunReadingSection detail={detail} />
              <RunLog
                log={shownLog(live.log, detail.stages)}
                finished={detail.run.finished_at != null}
              />
              <Announcer detail={detail} />
            </div>
          )
        }
      </QueryView>
    </Page>
  );
}

function Lead({ detail: { run } }: { detail: RunDetail }) {
  const now = useNow(run.finished_at == null);
  const took = elapsed(run, now);
  return (
    <p className={styles.lead}>
      <RunStatusBadge status={run.status} />
      <span>
        {m.created} <Time at={run.created_at} />
      </span>
      {took !== null && (
        <span>{run.finished_at ? m.took(duration(took)) : m.runningFor(duration(took))}</span>
      )}
      {run.cancel_requested && !run.finished_at && <span>{m.cancelling}</span>}
    </p>
  );
}
