import { useEffect } from "react";
import type { ConversationRow } from "@/api/generated";
import * as m from "@/messages/conversations";
import { useNarrow } from "@/ui/use-media";
import { useWindowRows } from "@/ui/window-rows";
import { ConversationLine } from "./conversation-line";
import styles from "./conversation-list.module.css";

/** Row heights in pixels, as in the style sheet. */
const ROW = 68;
const NARROW_ROW = 112;
/** Ask for the next page when so few rows are left below. */
const AHEAD = 30;

interface ConversationListProps {
  rows: readonly ConversationRow[];
  /** There are no more pages. */
  complete: boolean;
  loadMore: () => void;
}

/** Conversations that scroll with the page and load more on the way. */
export function ConversationList({ rows, complete, loadMore }: ConversationListProps) {
  const narrow = useNarrow();
  const { ref, shown, before, after } = useWindowRows<HTMLUListElement>({
    count: rows.length,
    rowHeight: narrow ? NARROW_ROW : ROW,
    headerHeight: 0,
  });
  const nearEnd = (shown.at(-1) ?? 0) > rows.length - AHEAD;
  useEffect(() => {
    if (nearEnd) loadMore();
  });
  return (
    <ul
      ref={ref}
      className={styles.list}
      aria-label={m.title}
      style={{ paddingBlock: `${before}px ${after}px` }}
    >
      {shown.map((at) => {
        const row = rows[at];
        return (
          row && (
            <ConversationLine
              key={row.id}
              row={row}
              position={at}
              size={complete ? rows.length : -1}
            />
          )
        );
      })}
    </ul>
  );
}
