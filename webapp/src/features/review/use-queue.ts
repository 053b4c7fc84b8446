import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useRef, useState } from "react";
import type { ReviewTask, Verdicts } from "@/api/generated";
import {
  answerReviewItemMutation,
  drawReviewMutation,
  getReviewQueryKey,
  nextReviewMutation,
  skipReviewItemMutation,
  undoReviewMutation,
} from "@/api/generated/@tanstack/react-query.gen";
import { useWorkspace } from "@/app/workspace-context";
import * as m from "@/messages/review";

const AHEAD = 4;
/** One after the other: what is taken back must have been stored before. */
const scope = { id: "review" };

export interface Said {
  final: string;
  themes: number[] | null;
}

/** The items that this person is given: the present one and the next ones, fetched ahead. */
export function useQueue(labeller: string) {
  const { path, categoryName } = useWorkspace();
  const queries = useQueryClient();
  const [tasks, setTasks] = useState<ReviewTask[] | null>(null);
  const [told, setTold] = useState<string | null>(null);
  const [conflicts, setConflicts] = useState<Verdicts[]>([]);
  /** Answered in this browser, and perhaps not on the server yet. */
  const settled = useRef(new Set<number>());
  /** How many items have come back: taken back, or not stored. */
  const returned = useRef(0);
  const refresh = () => void queries.invalidateQueries({ queryKey: getReviewQueryKey({ path }) });

  const next = useMutation({
    ...nextReviewMutation(),
    onMutate: () => returned.current,
    onSuccess: (given, asked, before) => {
      // What was asked for before an item came back may lack it: that is asked for anew.
      if (before !== returned.current) ask(asked);
      else setTasks(given.filter(({ item }) => !settled.current.has(item.id)));
    },
  });
  const { mutate: ask } = next;
  const fetchMore = useCallback(
    () => ask({ path: { workspace: path.workspace }, body: { labeller, number: AHEAD } }),
    [ask, path.workspace, labeller],
  );
  useEffect(fetchMore, [fetchMore]);

  const leave = (task: ReviewTask) => {
    settled.current.add(task.item.id);
    setTasks((before) => (before ?? []).filter(({ item }) => item.id !== task.item.id));
  };
  const comeBack = (task: ReviewTask) => {
    settled.current.delete(task.item.id);
    returned.current += 1;
    setTasks((before) => [task, ...(before ?? []).filter(({ item }) => item.id !== task.item.id)]);
  };
  const afterwards = () => {
    refresh();
    fetchMore();
  };

  const answering = useMutation({
    ...answerReviewItemMutation(),
    scope,
    onSuccess: ({ conflicts: found }) => setConflicts(found),
    onSettled: afterwards,
  });
  const skipping = useMutation({ ...skipReviewItemMutation(), scope, onSettled: afterwards });
  const undoing = useMutation({
    ...undoReviewMutation(),
    scope,
    onSuccess: ({ task }) => {
      setTold(task ? m.undone : m.nothingToUndo);
      if (task) comeBack(task);
      refresh();
    },
  });
  const drawing = useMutation({
    ...drawReviewMutation(),
    onSuccess: ({ added }) => {
      setTold(m.drawn(Object.values(added).reduce((sum, number) => sum + number, 0)));
      afterwards();
    },
  });

  const itemPath = (task: ReviewTask) => ({ ...path, item: task.item.id });
  return {
    tasks,
    told,
    conflicts,
    busy: next.isPending,
    drawing: drawing.isPending,
    error: answering.error ?? skipping.error ?? undoing.error ?? drawing.error ?? next.error,
    answer: (task: ReviewTask, said: Said) => {
      leave(task);
      setConflicts([]);
      setTold(m.saved(categoryName(said.final)));
      answering.mutate(
        { path: itemPath(task), body: { labeller, ...said } },
        { onError: () => comeBack(task) },
      );
    },
    skip: (task: ReviewTask) => {
      leave(task);
      setTold(m.skipped);
      skipping.mutate(
        { path: itemPath(task), body: { labeller } },
        { onError: () => comeBack(task) },
      );
    },
    undo: () => undoing.mutate({ path, body: { labeller } }),
    draw: () => drawing.mutate({ path, body: { number: m.drawNumber, only_random: false } }),
  };
}
