import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import {
  getRunQueryKey,
  listRunsQueryKey,
  startRunMutation,
} from "@/api/generated/@tanstack/react-query.gen";
import { useWorkspace } from "@/app/workspace-context";
import * as m from "@/messages/runs";
import { Button } from "@/ui/button";

/** Queues a run and goes to watch it; `start.error` is why it was refused. */
export function useStartRun() {
  const { code, path } = useWorkspace();
  const navigate = useNavigate();
  const queries = useQueryClient();
  return useMutation({
    ...startRunMutation(),
    onSuccess: (detail) => {
      const { id } = detail.run;
      queries.setQueryData(getRunQueryKey({ path: { workspace: code, run_id: id } }), detail);
      void queries.invalidateQueries({ queryKey: listRunsQueryKey({ path }) });
      void navigate({ to: "/w/$workspace/runs/$id", params: { workspace: code, id: `${id}` } });
    },
  });
}

export function StartButton({ start }: { start: ReturnType<typeof useStartRun> }) {
  const { path } = useWorkspace();
  return (
    <Button
      look="primary"
      icon="play"
      disabled={start.isPending}
      onClick={() => start.mutate({ path })}
    >
      {start.isPending ? m.starting : m.start}
    </Button>
  );
}
