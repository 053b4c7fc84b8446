import { useWorkspace } from "@/app/workspace-context";
import { date } from "@/messages/format";
import * as m from "@/messages/runs";
import { stages } from "@/messages/words";
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
    <section aria-labelledby="log">
      <h2 id="log">{m.log}</h2>
      {log.length === 0 && <p className={styles.quiet}>{finished ? m.noLog : m.noLogYet}</p>}
      <ol className={styles.log}>
        {log.map(({ id, at, stage, kind, message }) => (
          <li key={id} className={styles.entry}>
            <time dateTime={at}>{date(at, "clock", timeZone)}</time>
            <span className={cx(styles.message, kind === "error" && styles.errorMessage)}>
              {m.logLine(stage ? stages[stage] : m.wholeRun, kind, message)}
            </span>
          </li>
        ))}
      </ol>
    </section>
  );
}
