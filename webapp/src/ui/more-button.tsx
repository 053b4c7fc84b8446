import * as m from "@/messages/controls";
import { Button } from "./button";
import styles from "./more-button.module.css";

interface PagedQuery {
  hasNextPage: boolean;
  isFetchingNextPage: boolean;
  fetchNextPage: () => unknown;
}

/** The next page of a list, as long as there is one. */
export function MoreButton({ query }: { query: PagedQuery }) {
  if (!query.hasNextPage) return null;
  return (
    <p className={styles.more}>
      <Button onClick={() => void query.fetchNextPage()} disabled={query.isFetchingNextPage}>
        {query.isFetchingNextPage ? m.loadingMore : m.showMore}
      </Button>
    </p>
  );
}
