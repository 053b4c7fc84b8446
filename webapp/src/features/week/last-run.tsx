import { Link } from "@tanstack/react-router";
import type { Run } from "@/api/generated";
import { useWorkspace } from "@/app/workspace-context";
import * as m from "@/messages/week";
import { RunStatusBadge } from "@/ui/run-status";
import { SideSection } from "@/ui/side-section";
import { Time } from "@/ui/time";
import styles from "./last-run.module.css";

export function LastRun({ run }: { run: Run | null }) {
  const { code, path } = useWorkspace();
  return (
    <SideSection title={m.lastRunTitle}>
      {run ? (
        <p className={styles.line}>
          <Link to="/w/$workspace/runs/$id" params={{ workspace: code, id: `${run.id}` }}>
            {m.run(run.id)}
          </Link>
          <RunStatusBadge status={run.status} />
          <Time at={run.finished_at ?? run.created_at} as="age" />
        </p>
      ) : (
        <p>
          {m.neverRun}{" "}
          <Link to="/w/$workspace/runs" params={path}>
            {m.goToRuns}
          </Link>
        </p>
      )}
    </SideSection>
  );
}
