import { useInfiniteQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { listConversationsInfiniteOptions } from "@/api/generated/@tanstack/react-query.gen";
import { useWorkspace } from "@/app/workspace-context";
import * as m from "@/messages/conversations";
import { Button } from "@/ui/button";
import { Page } from "@/ui/page";
import { Empty, QueryView, SkeletonLines } from "@/ui/states";
import { ConversationFilters } from "./conversation-filters";
import { ConversationList } from "./conversation-list";
import { FilterChips } from "./filter-chips";

const route = getRouteApi("/w/$workspace/conversations");
const PAGE = 100;

export function ConversationsScreen() {
  const { path } = useWorkspace();
  const search = route.useSearch();
  const query = useInfiniteQuery({
    ...listConversationsInfiniteOptions({ path, query: { ...search, limit: PAGE } }),
    initialPageParam: { path },
    getNextPageParam: ({ next }) => next,
  });
  const rows = query.data?.pages.flatMap(({ items }) => items) ?? [];
  return (
    <Page title={m.title} lead={m.lead}>
      <ConversationFilters
        rows={rows}
        summary={query.data && m.shown(rows.length, query.hasNextPage)}
      />
      <FilterChips search={search} rows={rows} />
      <QueryView query={query} skeleton={<SkeletonLines count={12} height="3rem" />}>
        {() =>
          rows.length > 0 ? (
            <ConversationList
              rows={rows}
              complete={!query.hasNextPage}
              loadMore={() => {
                if (query.hasNextPage && !query.isFetchingNextPage) void query.fetchNextPage();
              }}
            />
          ) : (
            <NoConversations
              filtered={Object.values(search).some((value) => value !== undefined)}
            />
          )
        }
      </QueryView>
    </Page>
  );
}

function NoConversations({ filtered }: { filtered: boolean }) {
  const { path } = useWorkspace();
  const navigate = route.useNavigate();
  if (filtered) {
    return (
      <Empty title={m.noMatch}>
        <p>{m.noMatchText}</p>
        <p>
          <Button onClick={() => void navigate({ search: {} })}>{m.clear}</Button>
        </p>
      </Empty>
    );
  }
  return (
    <Empty title={m.empty}>
      <p>{m.emptyText}</p>
      <p>
        <Link to="/w/$workspace/runs" params={path}>
          {m.toRuns}
        </Link>
      </p>
    </Empty>
  );
}
