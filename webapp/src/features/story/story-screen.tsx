import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import type { Story, StoryDetail } from "@/api/generated";
import { getStoryOptions } from "@/api/generated/@tanstack/react-query.gen";
import { useWorkspace } from "@/app/workspace-context";
import * as m from "@/messages/stories";
import { deciders } from "@/messages/words";
import { CopyButton } from "@/ui/copy-button";
import { Estimate } from "@/ui/estimate";
import { Page } from "@/ui/page";
import { QuoteList } from "@/ui/quote";
import { ScoreParts } from "@/ui/score-parts";
import { QueryView, SkeletonLines } from "@/ui/states";
import { Stat, Stats } from "@/ui/stats";
import { Criteria } from "./criteria";
import { storyMarkdown } from "./markdown";
import { Part, TextList } from "./part";
import styles from "./story-screen.module.css";

const route = getRouteApi("/w/$workspace/stories/$id");

export function StoryScreen() {
  const { code } = useWorkspace();
  const { id } = route.useParams();
  const query = useQuery(getStoryOptions({ path: { workspace: code, story_id: Number(id) } }));
  const detail = query.data;
  return (
    <Page
      key={id}
      title={detail?.story.title ?? m.tab}
      foreign
      above={
        <Link to="/w/$workspace/stories" params={{ workspace: code }}>
          {m.back}
        </Link>
      }
      actions={
        detail && (
          <CopyButton
            label={m.copyMarkdown}
            text={() => storyMarkdown(detail, `${window.location.origin}/w/${code}`)}
          />
        )
      }
      lead={detail && <Lead story={detail.story} />}
    >
      <QueryView query={query} skeleton={<SkeletonLines count={8} height="2.5rem" />}>
        {(shown) => <Parts detail={shown} />}
      </QueryView>
    </Page>
  );
}

function Lead({ story }: { story: Story }) {
  const { code } = useWorkspace();
  return (
    <>
      <p className={styles.lead}>
        <Link to="/w/$workspace/themes/$id" params={{ workspace: code, id: `${story.theme_id}` }}>
          {m.toTheme}
        </Link>
        <span>{m.draftedBy(deciders[story.decider])}</span>
      </p>
      <div className={styles.figures}>
        <Stats>
          <Stat label={m.reach} title={m.reachMeaning}>
            <Estimate interval={story.reach} unit={m.customers(story.reach.value)} />
          </Stat>
          <Stat label={m.score} title={m.scoreMeaning}>
            <Estimate interval={story.score} />
          </Stat>
        </Stats>
      </div>
    </>
  );
}

function Parts({ detail: { story, quotes } }: { detail: StoryDetail }) {
  return (
    <div className={styles.columns}>
      <div className={styles.story}>
        <Part title={m.problem}>
          <p dir="auto">{story.problem}</p>
        </Part>
        <Part title={m.who}>
          <p>{story.who}</p>
        </Part>
        <Part title={m.criteria}>
          <Criteria criteria={story.acceptance_criteria} />
        </Part>
        <Part title={m.workaround}>
          {story.workaround ? (
            <blockquote className={styles.workaround} dir="auto">
              {story.workaround}
            </blockquote>
          ) : (
            <p>{m.noWorkaround}</p>
          )}
        </Part>
        <TextList title={m.openQuestions} items={story.open_questions ?? []} />
        <TextList title={m.outOfScope} items={story.out_of_scope ?? []} />
        <Part title={m.quotes} note={m.quotesNote}>
          <QuoteList quotes={quotes} />
        </Part>
      </div>
      <aside className={styles.side} aria-label={m.parts}>
        <Part title={m.parts}>
          <ScoreParts story={story} />
        </Part>
      </aside>
    </div>
  );
}
