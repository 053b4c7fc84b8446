import { useWindowVirtualizer } from "@tanstack/react-virtual";
import { type RefObject, useCallback, useLayoutEffect, useRef, useState } from "react";
import { useShortcuts } from "@/app/shortcuts";

interface WindowRowsOptions {
  count: number;
  /** All rows are equally high, so that going back finds the same place again. */
  rowHeight: number;
  /** Room that the sticky header takes at the top. */
  headerHeight: number;
}

interface WindowRows<Element extends HTMLElement> {
  /** Of the element whose first row begins at its top. */
  ref: RefObject<Element | null>;
  /** Positions of the rows that are drawn. */
  shown: number[];
  /** Height of the rows before and after these. */
  before: number;
  after: number;
}

/** Draws only the rows in sight of a list that scrolls with the page; j and k walk through it. */
export function useWindowRows<Element extends HTMLElement>({
  count,
  rowHeight,
  headerHeight,
}: WindowRowsOptions): WindowRows<Element> {
  const ref = useRef<Element>(null);
  const [scrollMargin, setScrollMargin] = useState(0);
  useLayoutEffect(() => {
    const top = ref.current?.getBoundingClientRect().top ?? 0;
    setScrollMargin(top + window.scrollY);
  });
  const virtualizer = useWindowVirtualizer({
    count,
    estimateSize: () => rowHeight,
    overscan: 8,
    scrollMargin,
    scrollPaddingStart: headerHeight,
    scrollPaddingEnd: rowHeight,
  });
  useLayoutEffect(() => {
    // The heights are remembered by the virtualizer: a narrower window has other ones.
    if (rowHeight > 0) virtualizer.measure();
  }, [rowHeight, virtualizer]);
  useRowKeys(
    ref,
    count,
    useCallback((at) => virtualizer.scrollToIndex(at, { align: "auto" }), [virtualizer]),
  );
  const items = virtualizer.getVirtualItems();
  const first = items[0]?.index ?? 0;
  const end = (items.at(-1)?.index ?? -1) + 1;
  return {
    ref,
    shown: items.map(({ index }) => index),
    before: first * rowHeight,
    after: Math.max(count - end, 0) * rowHeight,
  };
}

/** j and k move the focus between rows; a row is what carries `data-row` with its position. */
function useRowKeys(
  ref: RefObject<HTMLElement | null>,
  count: number,
  scrollTo: (at: number) => void,
): void {
  const move = (step: number) => {
    const row = document.activeElement?.closest<HTMLElement>("[data-row]");
    const inside = row && ref.current?.contains(row);
    const at = inside ? Number(row.dataset.row) + step : 0;
    if (at < 0 || at >= count) return;
    scrollTo(at);
    focusRow(ref, at);
  };
  useShortcuts({ j: () => move(1), k: () => move(-1) });
}

const MOST_FRAMES = 20;

/** Focus the row's first link as soon as it is drawn. */
function focusRow(ref: RefObject<HTMLElement | null>, at: number, frame = 0): void {
  const link = ref.current?.querySelector<HTMLElement>(`[data-row="${at}"] a`);
  if (link) link.focus({ preventScroll: true });
  else if (frame < MOST_FRAMES) requestAnimationFrame(() => focusRow(ref, at, frame + 1));
}
