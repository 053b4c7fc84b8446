import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { type ReactNode, useState } from "react";
import type { ChangeDetail } from "@/api/generated";
import {
  applyTaxonomyChangeMutation,
  discardTaxonomyChangeMutation,
  revertTaxonomyChangeMutation,
} from "@/api/generated/@tanstack/react-query.gen";
import { useWorkspace } from "@/app/workspace-context";
import * as m from "@/messages/taxonomy";
import { Button } from "@/ui/button";
import { Dialog } from "@/ui/dialog";
import { ProblemPanel } from "@/ui/states";
import styles from "./taxonomy.module.css";
import { tagOf } from "./use-draft";

interface ChangeActionsProps {
  detail: ChangeDetail;
  /** Nothing that is typed is still to be saved. */
  ready: boolean;
}

/** What can become of a change, each after asking. */
export function ChangeActions({ detail, ready }: ChangeActionsProps) {
  const { change, findings, operations, is_previewed: isPreviewed } = detail;
  const { apply, discard, revert } = useDeeds(detail);
  const sound = operations.length > 0 && findings.every(({ severity }) => severity !== "error");
  if (change.status === "draft") {
    return (
      <div className={styles.row}>
        <Asked
          name={m.apply}
          look="primary"
          title={m.applyTitle}
          disabled={!ready || !sound || !isPreviewed}
          deed={apply}
        >
          <p>{m.applyText(change.base_version + 1)}</p>
        </Asked>
        <Asked name={m.discard} title={m.discardTitle} disabled={!ready} deed={discard}>
          <p>{m.discardText}</p>
        </Asked>
        {sound && !isPreviewed && <p className={styles.quiet}>{m.applyUnseen}</p>}
      </div>
    );
  }
  if (change.status !== "applied") return null;
  return (
    <div className={styles.row}>
      <Asked name={m.revert} title={m.revertTitle} deed={revert}>
        <p>{m.revertText}</p>
      </Asked>
    </div>
  );
}

interface Deed {
  run: () => void;
  busy: boolean;
  error: unknown;
}

function useDeeds({ change }: ChangeDetail): Record<"apply" | "discard" | "revert", Deed> {
  const { code } = useWorkspace();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const path = { workspace: code, change_id: change.id };
  const headers = { "if-match": tagOf(change) };
  const onSettled = () => void queries.invalidateQueries();
  const watch = ({ change: { run_id: run } }: ChangeDetail) =>
    void navigate({ to: "/w/$workspace/runs/$id", params: { workspace: code, id: `${run}` } });
  const apply = useMutation({ ...applyTaxonomyChangeMutation(), onSuccess: watch, onSettled });
  const revert = useMutation({ ...revertTaxonomyChangeMutation(), onSuccess: watch, onSettled });
  const discard = useMutation({
    ...discardTaxonomyChangeMutation(),
    onSuccess: () => void navigate({ to: "/w/$workspace/taxonomy", params: { workspace: code } }),
    onSettled,
  });
  return {
    apply: {
      run: () => apply.mutate({ path, headers, body: {} }),
      busy: apply.isPending,
      error: apply.error,
    },
    discard: {
      run: () => discard.mutate({ path, headers }),
      busy: discard.isPending,
      error: discard.error,
    },
    revert: {
      run: () => revert.mutate({ path, headers }),
      busy: revert.isPending,
      error: revert.error,
    },
  };
}

interface AskedProps {
  name: string;
  title: string;
  look?: "primary" | "plain";
  disabled?: boolean;
  deed: Deed;
  children: ReactNode;
}

/** A button that asks first. */
function Asked({ name, title, look = "plain", disabled = false, deed, children }: AskedProps) {
  const [asking, setAsking] = useState(false);
  return (
    <>
      <Button look={look} disabled={disabled} onClick={() => setAsking(true)}>
        {name}
      </Button>
      <Dialog open={asking} onClose={() => setAsking(false)} title={title}>
        {children}
        {deed.error != null && <ProblemPanel error={deed.error} />}
        <div className={styles.actions}>
          <Button onClick={() => setAsking(false)}>{m.back}</Button>
          <Button look="primary" disabled={deed.busy} onClick={deed.run}>
            {name}
          </Button>
        </div>
      </Dialog>
    </>
  );
}
