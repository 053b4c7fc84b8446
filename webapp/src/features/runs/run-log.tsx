import { useWorkspace } from "@/app/workspace-context";
import { date } from "@/messages/format";
import * as m from "@/messages/runs";
import { plain, stages } from "@/messages/words";
import { cx } from "@/ui/cx";
import type { RunEvent } from "./run-event";
import styles from "./run-screen.module.css";

interface RunLogProps {
  log: readonly RunEvent[];
  finished: boolean;
}

/** Beginnings, ends, notes and errors, oldest first. */
export function RunLog({ log, finished }: RunLogProps) {
  const { timeZone } = useWorkspace();
  return (
    <section>
      <h2>{m.log}</h2>
      {log.length === 0 && <p className={styles.quiet}>{finished ? m.noLog : m.noLogYet}</p>}
      <ol className={styles.log}>
        {log.map(({ id, at, stage, kind, message }) => (
          <li key={id} className={styles.entry}>
            <time dateTime={at}>{date(at, "clock", timeZone)}</time>
            <span>{stage ? stages[stage] : m.wholeRun}</span>
            <span className={cx(styles.message, kind === "error" && styles.errorMessage)}>
              {kind === "error" ? `${m.errorPrefix} ${message}` : plain(message)}
            </span>
          </li>
        ))}
      </ol>
    </section>
  );
}
