import { useMutation, useQueryClient } from "@tanstack/react-query";
import type { ChangeDetail } from "@/api/generated";
import {
  cancelTaxonomyPreviewMutation,
  getTaxonomyChangeQueryKey,
  previewTaxonomyChangeMutation,
} from "@/api/generated/@tanstack/react-query.gen";
import { useWorkspace } from "@/app/workspace-context";
import * as m from "@/messages/taxonomy";
import { Button } from "@/ui/button";
import { ProblemPanel } from "@/ui/states";
import { PreviewResult } from "./preview-result";
import styles from "./taxonomy.module.css";

interface PreviewSectionProps {
  detail: ChangeDetail;
  ready: boolean;
}

/** What the draft would do: asked for, on its way, or found out. */
export function PreviewSection({ detail, ready }: PreviewSectionProps) {
  const { change, findings, operations } = detail;
  const { start, cancel, path } = usePreview(change.id);
  const under = change.preview_status === "queued" || change.preview_status === "running";
  const sound = operations.length > 0 && findings.every(({ severity }) => severity !== "error");
  const error = start.error ?? cancel.error;
  return (
    <section aria-labelledby="preview">
      <h2 id="preview">{m.preview}</h2>
      {change.status === "draft" && <p className={styles.quiet}>{m.previewText}</p>}
      {error && <ProblemPanel error={error} />}
      {change.status === "draft" && !under && (
        <Button
          disabled={!ready || !sound || start.isPending}
          onClick={() => start.mutate({ path })}
        >
          {change.preview ? m.previewAgain : m.preview}
        </Button>
      )}
      {under && (
        <Running change={change} busy={cancel.isPending} onCancel={() => cancel.mutate({ path })} />
      )}
      {change.preview_status === "failed" && (
        <p className={styles.error}>
          {m.previewFailed} {change.preview_error}
        </p>
      )}
      {change.preview && (
        <>
          {change.status === "draft" && !detail.is_previewed && (
            <p className={styles.warning}>{m.previewStale}</p>
          )}
          <PreviewResult preview={change.preview} excerpts={detail.excerpts} />
        </>
      )}
    </section>
  );
}

interface RunningProps {
  change: ChangeDetail["change"];
  busy: boolean;
  onCancel: () => void;
}

function Running({ change, busy, onCancel }: RunningProps) {
  const { preview_done: done, preview_total: total } = change;
  return (
    <div className={styles.row}>
      <progress
        className={styles.progress}
        aria-label={m.previewProgress}
        max={Math.max(total, 1)}
        value={total > 0 ? done : undefined}
      />
      <p role="status">{m.previewing(done, total)}</p>
      <Button icon="stop" disabled={busy} onClick={onCancel}>
        {m.cancelPreview}
      </Button>
    </div>
  );
}

function usePreview(id: number) {
  const { code } = useWorkspace();
  const queries = useQueryClient();
  const path = { workspace: code, change_id: id };
  const onSuccess = (detail: ChangeDetail) =>
    queries.setQueryData(getTaxonomyChangeQueryKey({ path }), detail);
  const start = useMutation({ ...previewTaxonomyChangeMutation(), onSuccess });
  const cancel = useMutation({ ...cancelTaxonomyPreviewMutation(), onSuccess });
  return { start, cancel, path };
}
