import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useEffect } from "react";
import type { RunDetail, RunReading, Unread } from "@/api/generated";
import { getRunReadingOptions } from "@/api/generated/@tanstack/react-query.gen";
import { useWorkspace } from "@/app/workspace-context";
import { count } from "@/messages/format";
import * as m from "@/messages/runs";
import { capital, deciders } from "@/messages/words";
import { DataTable } from "@/ui/data-table";
import { Prose } from "@/ui/prose";
import { QueryView, SkeletonLines } from "@/ui/states";
import { sharesOf } from "./reading-shares";
import styles from "./run-screen.module.css";

const POLL_MILLISECONDS = 5000;

const stageOf = ({ stages }: RunDetail) => stages.find(({ stage }) => stage === "classify");

/** What is told of the reading of a run, asked again when the stage begins and when it ends. */
function useRunReading(detail: RunDetail) {
  const { path } = useWorkspace();
  const status = stageOf(detail)?.status;
  const query = useQuery({
    ...getRunReadingOptions({ path: { ...path, run_id: detail.run.id } }),
    refetchInterval: status === "running" ? POLL_MILLISECONDS : false,
  });
  const { refetch } = query;
  useEffect(() => {
    if (status !== "waiting") void refetch({ cancelRefetch: false });
  }, [status, refetch]);
  return query;
}

/** Why reading waits for money, or has stopped; nothing while it goes well. */
export function ReadingNotices({ detail }: { detail: RunDetail }) {
  const { data } = useRunReading(detail);
  return (
    <>
      {stageOf(detail)?.status === "failed" && (
        <p className={styles.waits}>
          {m.readingStopped} <ToCost />
        </p>
      )}
      {data?.waiting.map((wait) => (
        <Waits key={wait.reason} wait={wait} />
      ))}
    </>
  );
}

/** What the run's reading came to: who decided, and what failed. */
export function RunReadingSection({ detail }: { detail: RunDetail }) {
  const query = useRunReading(detail);
  const stage = stageOf(detail);
  if (!stage?.started_at) return null;
  return (
    <section aria-labelledby="reading" className={styles.reading}>
      <h2 id="reading">{m.reading}</h2>
      <QueryView query={query} skeleton={<SkeletonLines count={2} />}>
        {(reading) => <Outcome reading={reading} running={stage.status === "running"} />}
      </QueryView>
    </section>
  );
}

function Outcome({ reading, running }: { reading: RunReading; running: boolean }) {
  const shares = sharesOf(reading.deciders);
  return (
    <>
      {shares.length > 0 ? (
        <DataTable
          caption={m.whoDecided}
          columns={[
            { name: m.whoDecided },
            { name: m.conversations, number: true },
            { name: m.share, number: true },
          ]}
          rows={shares.map(({ who, conversations, share }) => ({
            key: who,
            cells: [
              who === "cannot_tell" ? m.nobodyCould : capital(deciders[who]),
              count(conversations),
              share,
            ],
          }))}
        />
      ) : (
        <p className={styles.quiet}>{running ? m.nothingReadYet : m.nothingRead}</p>
      )}
      <Failed failed={reading.failed} />
    </>
  );
}

function Waits({ wait: { reason, conversations } }: { wait: Unread }) {
  return (
    <p className={styles.waits}>
      {m.readingWaits}: <Prose text={reason} /> {conversations > 0 && m.stillWaiting(conversations)}{" "}
      <ToCost />
    </p>
  );
}

function ToCost() {
  const { path } = useWorkspace();
  return (
    <Link to="/w/$workspace/cost" params={path}>
      {m.toCost}
    </Link>
  );
}

function Failed({ failed }: { failed: readonly Unread[] }) {
  const { path } = useWorkspace();
  if (failed.length === 0) return null;
  return (
    <>
      <DataTable
        caption={m.notRead}
        columns={[{ name: m.notRead }, { name: m.conversations, number: true }]}
        rows={failed.map(({ reason, conversations }) => ({
          key: reason,
          cells: [reason, count(conversations)],
        }))}
      />
      <p>
        <Link to="/w/$workspace/coverage" params={path}>
          {m.toFailures}
        </Link>
      </p>
    </>
  );
}
