import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import type { ChangeDetail, Proposal } from "@/api/generated";
import {
  editTaxonomyChangeMutation,
  getTaxonomyChangeQueryKey,
} from "@/api/generated/@tanstack/react-query.gen";
import { toProblem } from "@/api/problem";
import { useWorkspace } from "@/app/workspace-context";

const QUIET_MILLISECONDS = 700;
const STALE = 412;

export const tagOf = ({ id, revision }: { id: number; revision: number }): string =>
  `"${id}-${revision}"`;

interface Words {
  proposal: Proposal;
  note: string;
}

/** A draft as it is typed; it is saved when the typing rests, and never over another's edit. */
export function useDraft(detail: ChangeDetail) {
  const { code } = useWorkspace();
  const queries = useQueryClient();
  const { change } = detail;
  const path = { workspace: code, change_id: change.id };
  const key = getTaxonomyChangeQueryKey({ path });
  const [words, setWords] = useState<Words>({ proposal: change.proposal, note: change.note });
  const [dirty, setDirty] = useState(false);
  // The revision that our words are made of: an answer to our own edit moves it, a look does not.
  const seen = useRef(change);
  const save = useMutation({
    ...editTaxonomyChangeMutation(),
    onSuccess: (answer) => {
      seen.current = answer.change;
      queries.setQueryData(key, answer);
    },
    onError: () => setDirty(true),
  });
  const stale = save.error !== null && toProblem(save.error).status === STALE;
  const { mutate, isPending } = save;
  const failed = save.error !== null;
  useEffect(() => {
    if (!dirty || isPending || failed) return;
    const timer = setTimeout(() => {
      setDirty(false);
      mutate({ path, headers: { "if-match": tagOf(seen.current) }, body: words });
    }, QUIET_MILLISECONDS);
    return () => clearTimeout(timer);
  });
  const edit = (next: Partial<Words>) => {
    setWords((last) => ({ ...last, ...next }));
    setDirty(true);
    if (!stale) save.reset();
  };
  const reload = async () => {
    await queries.refetchQueries({ queryKey: key });
    const now = queries.getQueryData<ChangeDetail>(key);
    if (!now) return;
    seen.current = now.change;
    setWords({ proposal: now.change.proposal, note: now.change.note });
    setDirty(false);
    save.reset();
  };
  return {
    ...words,
    edit,
    reload,
    stale,
    error: save.error,
    saving: isPending,
    saved: !dirty && !isPending && !failed,
  };
}
