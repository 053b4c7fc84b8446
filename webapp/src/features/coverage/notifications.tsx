import type { CoverageReport } from "@/api/generated";
import { useWorkspace } from "@/app/workspace-context";
import * as m from "@/messages/coverage";
import { date } from "@/messages/format";
import { Prose } from "@/ui/prose";
import { Time } from "@/ui/time";
import styles from "./coverage-screen.module.css";

/** When the source last told of a change by itself; only Intercom does. */
export function Notifications({ report }: { report: CoverageReport }) {
  const { detail, timeZone } = useWorkspace();
  const { last_event_at: last, events_silent_since: silentSince } = report;
  if (detail.workspace.kind !== "intercom") return null;
  return (
    <section aria-labelledby="notifications">
      <h2 id="notifications">{m.notifications}</h2>
      {last ? (
        <p>
          {m.lastEvent} <Time at={last} />.
        </p>
      ) : (
        <p className={styles.quiet}>
          <Prose text={m.noEvents} />
        </p>
      )}
      {silentSince && (
        <p className={styles.warning} role="status">
          {m.silent(date(silentSince, "moment", timeZone))}
        </p>
      )}
    </section>
  );
}
