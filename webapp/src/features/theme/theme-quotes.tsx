import { useInfiniteQuery } from "@tanstack/react-query";
import { listThemeQuotesInfiniteOptions } from "@/api/generated/@tanstack/react-query.gen";
import { useWorkspace } from "@/app/workspace-context";
import * as m from "@/messages/theme";
import { MoreButton } from "@/ui/more-button";
import { QuoteList } from "@/ui/quote";
import { Empty, QueryView, SkeletonLines } from "@/ui/states";
import styles from "./theme-screen.module.css";

const PAGE = 10;

export function ThemeQuotes({ themeId }: { themeId: number }) {
  const { code } = useWorkspace();
  const path = { workspace: code, theme_id: themeId };
  const query = useInfiniteQuery({
    ...listThemeQuotesInfiniteOptions({ path, query: { limit: PAGE } }),
    initialPageParam: { path },
    getNextPageParam: ({ next }) => next,
  });
  return (
    <section aria-labelledby="quotes" className={styles.quotes}>
      <h2 id="quotes">{m.quotes}</h2>
      <p className={styles.note}>{m.quotesNote}</p>
      <QueryView query={query} skeleton={<SkeletonLines count={5} height="3rem" />}>
        {({ pages }) => {
          const quotes = pages.flatMap(({ items }) => items);
          if (quotes.length === 0) {
            return (
              <Empty title={m.noQuotes}>
                <p>{m.noQuotesText}</p>
              </Empty>
            );
          }
          return <QuoteList quotes={quotes} />;
        }}
      </QueryView>
      <MoreButton query={query} />
    </section>
  );
}
