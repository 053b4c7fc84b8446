import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { Run } from "@/api/generated";
import { cancelRunMutation, getRunQueryKey } from "@/api/generated/@tanstack/react-query.gen";
import { useWorkspace } from "@/app/workspace-context";
import * as m from "@/messages/runs";
import { Button } from "@/ui/button";
import { Dialog } from "@/ui/dialog";
import { ProblemPanel } from "@/ui/states";
import styles from "./run-screen.module.css";

/** Stops a run that is under way, after asking. */
export function CancelButton({ run }: { run: Run }) {
  const { code } = useWorkspace();
  const [asking, setAsking] = useState(false);
  const queries = useQueryClient();
  const path = { workspace: code, run_id: run.id };
  const cancel = useMutation({
    ...cancelRunMutation(),
    onSuccess: (detail) => {
      queries.setQueryData(getRunQueryKey({ path }), detail);
      setAsking(false);
    },
  });
  if (run.finished_at) return null;
  return (
    <>
      <Button icon="stop" disabled={run.cancel_requested} onClick={() => setAsking(true)}>
        {m.cancel}
      </Button>
      <Dialog open={asking} onClose={() => setAsking(false)} title={m.cancelTitle}>
        <p>{m.cancelText}</p>
        {cancel.error && <ProblemPanel error={cancel.error} />}
        <div className={styles.dialogActions}>
          <Button onClick={() => setAsking(false)}>{m.keepRunning}</Button>
          <Button look="danger" disabled={cancel.isPending} onClick={() => cancel.mutate({ path })}>
            {m.confirmCancel}
          </Button>
        </div>
      </Dialog>
    </>
  );
}
