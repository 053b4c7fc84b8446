import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useRef } from "react";
import type { StoredLabel } from "@/api/generated";
import {
  correctLabelMutation,
  getConversationQueryKey,
  listLabelsQueryKey,
  undoLabelsMutation,
} from "@/api/generated/@tanstack/react-query.gen";
import { useShortcuts } from "@/app/shortcuts";
import { readText } from "@/app/stored";
import { useWorkspace } from "@/app/workspace-context";
import * as m from "@/messages/conversation";
import { cannotTell } from "@/messages/words";
import { ProblemPanel } from "@/ui/states";
import styles from "./side-panel.module.css";

const TAKE_BACK = "";

/** Says what a label should be; no run takes that back. `c` goes to the one of the whole thread. */
export function Correction({ label }: { label: StoredLabel }) {
  const { path, detail } = useWorkspace();
  const queries = useQueryClient();
  const select = useRef<HTMLSelectElement>(null);
  const where = { ...path, conversation_id: label.conversation_id };
  const onSettled = () => {
    void queries.invalidateQueries({ queryKey: getConversationQueryKey({ path: where }) });
    void queries.invalidateQueries({ queryKey: listLabelsQueryKey({ path: where }) });
  };
  const correct = useMutation({ ...correctLabelMutation(), onSettled });
  const takeBack = useMutation({ ...undoLabelsMutation(), onSettled });
  useShortcuts(label.stage === "final" ? { c: () => select.current?.focus() } : {});
  const labeller = readText("labeller", "me");
  const choose = (category: string) => {
    if (category === TAKE_BACK) takeBack.mutate({ path: where, query: { labeller } });
    else {
      const body = { labeller, stage: label.stage, category_id: category };
      correct.mutate({ path: where, body });
    }
  };
  const isHuman = label.decider === "human";
  const error = correct.error ?? takeBack.error;
  return (
    <>
      <select
        ref={select}
        className={styles.correction}
        aria-label={m.correct(m.stages[label.stage])}
        value={isHuman ? label.category_id : TAKE_BACK}
        disabled={correct.isPending || takeBack.isPending}
        onChange={(event) => choose(event.target.value)}
      >
        <option value={TAKE_BACK}>{isHuman ? m.takeBack : m.correctHint}</option>
        {detail.categories.map(({ id, name }) => (
          <option key={id} value={id}>
            {name}
          </option>
        ))}
        <option value="cannot_tell">{cannotTell}</option>
      </select>
      {error && <ProblemPanel error={error} />}
    </>
  );
}
