import { getRouteApi } from "@tanstack/react-router";
import { useEffect, useRef } from "react";
import type { ConversationDetail, Message } from "@/api/generated";
import { useShortcuts } from "@/app/shortcuts";
import * as m from "@/messages/conversation";
import { Legend } from "./legend";
import { MessageItem } from "./message-item";
import { Notices } from "./notices";
import { neighbour, showQuote } from "./places";
import type { ConversationSearch } from "./search";
import { fits, type Range } from "./segments";
import styles from "./thread.module.css";

const route = getRouteApi("/w/$workspace/conversations/$id");

/** The quote that the address names, if it lies in one of the messages. */
function findTarget(
  { message, from, to }: ConversationSearch,
  messages: readonly Message[],
): (Range & { message: string }) | null {
  if (message === undefined || from === undefined || to === undefined) return null;
  const body = messages.find(({ id }) => id === message)?.body ?? "";
  const range = { start: from, end: to };
  return fits(range, Array.from(body).length) ? { message, ...range } : null;
}

/** Who said what to whom, with the proof marked where it stands. */
export function Thread({ detail }: { detail: ConversationDetail }) {
  const { messages, evidence } = detail;
  const search = route.useSearch();
  const target = findTarget(search, messages);
  const list = useRef<HTMLOListElement>(null);
  const place = target && `${target.message} ${target.start} ${target.end}`;
  useEffect(() => {
    return place ? showQuote(list.current) : undefined;
  }, [place]);
  const move = (step: number) => neighbour(list.current, step)?.focus();
  useShortcuts({ j: () => move(1), k: () => move(-1) });
  return (
    <section aria-label={m.thread} className={styles.thread}>
      <Notices detail={detail} quoteMissing={search.message !== undefined && target === null} />
      <Legend kinds={new Set(evidence.map(({ kind }) => kind))} target={target !== null} />
      {messages.length === 0 && <p>{m.noMessages}</p>}
      <ol ref={list} className={styles.messages}>
        {messages.map((message) => (
          <MessageItem
            key={message.id}
            message={message}
            evidence={evidence}
            issues={detail.issues}
            customerName={detail.contact?.name}
            target={target?.message === message.id ? target : null}
          />
        ))}
      </ol>
    </section>
  );
}
