import type { ReactNode } from "react";
import { toProblem } from "@/api/problem";
import * as controls from "@/messages/controls";
import * as m from "@/messages/problems";
import { Button } from "./button";
import { Icon } from "./icons";
import { Prose } from "./prose";
import styles from "./states.module.css";

interface QueryLike<Data> {
  data: Data | undefined;
  error: unknown;
  isFetching: boolean;
  refetch: () => unknown;
}

interface QueryViewProps<Data> {
  query: QueryLike<Data>;
  skeleton: ReactNode;
  children: (data: Data) => ReactNode;
}

/** Data, or what stands for it: a skeleton, a problem; a problem never removes data from sight. */
export function QueryView<Data>({ query, skeleton, children }: QueryViewProps<Data>) {
  const { data, error, isFetching, refetch } = query;
  const retry = () => void refetch();
  return (
    <>
      {error != null && (
        <ProblemPanel error={error} retry={retry} busy={isFetching} stale={data !== undefined} />
      )}
      {data !== undefined ? children(data) : error == null && <Waiting>{skeleton}</Waiting>}
    </>
  );
}

/** A skeleton that appears only where the wait is long enough to be noticed. */
export function Waiting({ children }: { children: ReactNode }) {
  return (
    <div className={styles.waiting} role="status">
      <span className="visually-hidden">{controls.loading}</span>
      <div aria-hidden="true">{children}</div>
    </div>
  );
}

/** Grey lines in the place of text that is on its way. */
export function SkeletonLines({ count = 3, height = "1rem" }: { count?: number; height?: string }) {
  const widths = ["100%", "92%", "97%", "84%", "95%"];
  return Array.from({ length: count }, (_, at) => (
    <div
      // biome-ignore lint/suspicious/noArrayIndexKey: the lines have no other identity
      key={at}
      className={styles.line}
      style={{ height, width: widths[at % widths.length] }}
    />
  ));
}

interface ProblemPanelProps {
  error: unknown;
  retry?: () => void;
  busy?: boolean;
  /** Older data is still shown below. */
  stale?: boolean;
}

/** What happened, why, what to do next, and the id by which the log has it. */
export function ProblemPanel({ error, retry, busy, stale }: ProblemPanelProps) {
  const problem = toProblem(error);
  return (
    <div className={styles.problem} role="alert">
      <Icon name="warning" />
      <div className={styles.problemText}>
        <p className={styles.problemTitle}>{problem.title}</p>
        {stale && <p>{m.stale}</p>}
        {problem.detail && <p>{problem.detail}</p>}
        {problem.fix && (
          <p>
            <Prose text={problem.fix} />
          </p>
        )}
        {problem.fields.map((field) => (
          <p key={field}>{field}</p>
        ))}
        {problem.requestId && (
          <p className={styles.requestId}>
            {m.requestId} <code>{problem.requestId}</code>
          </p>
        )}
      </div>
      {retry && problem.worthRetrying && (
        <Button onClick={retry} disabled={busy}>
          {m.retry}
        </Button>
      )}
    </div>
  );
}

interface EmptyProps {
  title: string;
  children?: ReactNode;
}

/** Nothing to show: why, and what to do next. */
export function Empty({ title, children }: EmptyProps) {
  return (
    <div className={styles.empty}>
      <p className={styles.emptyTitle}>{title}</p>
      {children}
    </div>
  );
}
