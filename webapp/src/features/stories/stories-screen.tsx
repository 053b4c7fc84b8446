import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { listStoriesInfiniteOptions } from "@/api/generated/@tanstack/react-query.gen";
import { useWorkspace } from "@/app/workspace-context";
import * as m from "@/messages/stories";
import { MoreButton } from "@/ui/more-button";
import { Page } from "@/ui/page";
import { Empty, QueryView, SkeletonLines } from "@/ui/states";
import styles from "./stories-screen.module.css";
import { StoryItem } from "./story-item";

const PAGE = 50;

export function StoriesScreen() {
  const { path } = useWorkspace();
  const query = useInfiniteQuery({
    ...listStoriesInfiniteOptions({ path, query: { limit: PAGE } }),
    initialPageParam: { path },
    getNextPageParam: ({ next }) => next,
  });
  const total = query.data?.pages[0]?.total ?? 0;
  return (
    <Page title={m.title} lead={total > 0 && m.lead(total)}>
      <QueryView query={query} skeleton={<SkeletonLines count={6} height="4rem" />}>
        {({ pages }) => {
          const stories = pages.flatMap(({ items }) => items);
          if (stories.length === 0) return <NoStories />;
          return (
            <ol className={styles.list}>
              {stories.map((story, at) => (
                <StoryItem key={story.id} story={story} rank={at + 1} />
              ))}
            </ol>
          );
        }}
      </QueryView>
      <MoreButton query={query} />
    </Page>
  );
}

function NoStories() {
  const { path } = useWorkspace();
  return (
    <Empty title={m.empty}>
      <p>{m.emptyText}</p>
      <p>
        <Link to="/w/$workspace/themes" params={path}>
          {m.toThemes}
        </Link>
      </p>
    </Empty>
  );
}
