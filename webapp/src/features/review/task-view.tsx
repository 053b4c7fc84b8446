import { Link } from "@tanstack/react-router";
import { useEffect, useRef, useState } from "react";
import type { ReviewTask } from "@/api/generated";
import { useShortcuts } from "@/app/shortcuts";
import { useWorkspace } from "@/app/workspace-context";
import { MessageItem } from "@/features/conversation/message-item";
import { neighbour } from "@/features/conversation/places";
import * as m from "@/messages/review";
import { Button } from "@/ui/button";
import { Choices } from "./choices";
import { pickKeys } from "./pick-keys";
import styles from "./review-screen.module.css";
import type { Said } from "./use-queue";

interface TaskViewProps {
  task: ReviewTask;
  onAnswer: (said: Said) => void;
  onSkip: () => void;
  onUndo: () => void;
}

/** One conversation to be labelled. What the machine thinks is not shown: it would be agreed with. */
export function TaskView({ task, onAnswer, onSkip, onUndo }: TaskViewProps) {
  const { path } = useWorkspace();
  const { conversation, messages } = task;
  const list = useRef<HTMLOListElement>(null);
  const form = useAnswer(task, onAnswer);
  const move = (step: number) => neighbour(list.current, step)?.focus();
  useShortcuts({
    ...form.shortcuts,
    s: onSkip,
    u: onUndo,
    j: () => move(1),
    k: () => move(-1),
    ArrowDown: () => move(1),
    ArrowUp: () => move(-1),
  });
  useSaveKey(form.save);
  return (
    <div className={styles.columns}>
      <section aria-label={m.thread} className={styles.thread}>
        <h2 dir="auto">{conversation.title || conversation.subject || m.thread}</h2>
        <p>
          <Link to="/w/$workspace/conversations/$id" params={{ ...path, id: conversation.id }}>
            {m.openConversation}
          </Link>
        </p>
        <ol ref={list} className={styles.messages}>
          {messages.map((message) => (
            <MessageItem key={message.id} message={message} />
          ))}
        </ol>
      </section>
      <section aria-label={m.answer} className={styles.answer}>
        {form.groups.map((group) => (
          <Choices key={group.title} {...group} />
        ))}
        {form.warned && (
          <p role="alert" className={styles.conflict}>
            {m.chooseFirst}
          </p>
        )}
        <div className={styles.actions}>
          <Button look="primary" onClick={form.save}>
            {m.save} <kbd>↵</kbd>
          </Button>
          <Button onClick={onSkip}>
            {m.skip} <kbd>s</kbd>
          </Button>
          <Button look="quiet" onClick={onUndo}>
            {m.undo} <kbd>u</kbd>
          </Button>
        </div>
      </section>
    </div>
  );
}

const ABSTENTION = "cannot_tell";

/** The answer that is being given, by mouse or by keys. */
function useAnswer(task: ReviewTask, onAnswer: (said: Said) => void) {
  const { detail, categoryName } = useWorkspace();
  const [category, setCategory] = useState<string | null>(null);
  const [themes, setThemes] = useState<number[] | null>(null);
  const [active, setActive] = useState<"category" | "themes">("category");
  const [warned, setWarned] = useState(false);
  const categories = [...detail.categories.map(({ id }) => id), ABSTENTION];
  const { candidates } = task;
  const choose = (id: string) => {
    setCategory(id);
    setWarned(false);
  };
  const toggle = (id: number) =>
    setThemes((before) => {
      const others = (before ?? []).filter((one) => one !== id);
      if (!before?.includes(id)) return [...others, id];
      // Nothing chosen is no answer yet; that it belongs to none is an answer of its own.
      return others.length > 0 ? others : null;
    });
  const save = () => {
    if (category === null) setWarned(true);
    else onAnswer({ final: category, themes });
  };
  const keysOf = (group: typeof active) => (active === group ? pickKeys : []);
  const groups = [
    {
      title: m.category,
      keys: keysOf("category"),
      options: categories.map((id) => ({
        key: id,
        name: categoryName(id),
        hint: detail.categories.find((one) => one.id === id)?.definition,
        chosen: category === id,
        choose: () => choose(id),
      })),
    },
    {
      title: m.themes,
      keys: keysOf("themes"),
      empty: m.noCandidates,
      options: [
        ...candidates.map(({ theme_id: id, name }) => ({
          key: String(id),
          name,
          foreign: true,
          chosen: themes?.includes(id) ?? false,
          choose: () => toggle(id),
        })),
        ...(candidates.length > 0
          ? [
              {
                key: "none",
                name: m.noThemes,
                chosen: themes?.length === 0,
                choose: () => setThemes([]),
              },
            ]
          : []),
      ],
    },
  ];
  const shown = groups[active === "category" ? 0 : 1]?.options ?? [];
  const shortcuts = {
    ...Object.fromEntries(pickKeys.map((key, at) => [key, () => shown[at]?.choose()])),
    t: () => setActive((before) => (before === "category" ? "themes" : "category")),
  };
  return { groups, shortcuts, save, warned };
}

/** Enter saves, but where a control has the focus it is the control's; Ctrl+Enter always saves. */
function useSaveKey(save: () => void): void {
  const latest = useRef(save);
  useEffect(() => {
    latest.current = save;
  });
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.key !== "Enter" || document.querySelector("dialog:modal")) return;
      const { target } = event;
      const isControl = target instanceof Element && target.closest("button, a, input") !== null;
      if (isControl && !event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      latest.current();
    };
    window.addEventListener("keydown", onKeyDown);
    return () => window.removeEventListener("keydown", onKeyDown);
  }, []);
}
