import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { Failure } from "@/api/generated";
import {
  getCoverageQueryKey,
  listFailuresQueryKey,
  retryFailuresMutation,
  skipFailuresMutation,
} from "@/api/generated/@tanstack/react-query.gen";
import { useWorkspace } from "@/app/workspace-context";
import * as m from "@/messages/coverage";

/** Conversations of failures, each once: one may have failed in two kinds of work. */
export const idsOf = (failures: readonly Failure[]): string[] => [
  ...new Set(failures.map(({ conversation_id: id }) => id)),
];

/** Trying failures again, and leaving them out; `told` is what it has come to. */
export function useFailureActions() {
  const { path } = useWorkspace();
  const queries = useQueryClient();
  const [told, setTold] = useState<string | null>(null);
  const refresh = () => {
    void queries.invalidateQueries({ queryKey: listFailuresQueryKey({ path }) });
    void queries.invalidateQueries({ queryKey: getCoverageQueryKey({ path }) });
  };
  const retry = useMutation({
    ...retryFailuresMutation(),
    onSuccess: ({ changed }) => setTold(m.retried(changed)),
    onSettled: refresh,
  });
  const skip = useMutation({
    ...skipFailuresMutation(),
    onSuccess: ({ changed }) => setTold(m.skipped(changed)),
    onSettled: refresh,
  });
  return {
    told,
    busy: retry.isPending || skip.isPending,
    error: retry.error ?? skip.error,
    retry: (ids: string[]) => retry.mutate({ path, body: { conversation_ids: ids } }),
    skip: (ids: string[]) => skip.mutate({ path, body: { conversation_ids: ids } }),
  };
}
