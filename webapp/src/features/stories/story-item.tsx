import { Link } from "@tanstack/react-router";
import type { Story } from "@/api/generated";
import { useWorkspace } from "@/app/workspace-context";
import * as m from "@/messages/stories";
import { Estimate } from "@/ui/estimate";
import { ScoreParts } from "@/ui/score-parts";
import { Stat, Stats } from "@/ui/stats";
import styles from "./stories-screen.module.css";

interface StoryItemProps {
  story: Story;
  rank: number;
}

/** A backlog candidate: what, how many customers, and what its place in the list rests on. */
export function StoryItem({ story, rank }: StoryItemProps) {
  const { code } = useWorkspace();
  return (
    <li className={styles.item}>
      <span className={styles.rank} aria-hidden="true">
        {rank}
      </span>
      <div className={styles.text}>
        <h2 className={styles.title}>
          <Link to="/w/$workspace/stories/$id" params={{ workspace: code, id: `${story.id}` }}>
            {story.title}
          </Link>
        </h2>
        <p className={styles.problem} dir="auto">
          {story.problem}
        </p>
      </div>
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
      <div className={styles.more}>
        <details className={styles.parts}>
          <summary>{m.parts}</summary>
          <ScoreParts story={story} />
        </details>
        <Link to="/w/$workspace/themes/$id" params={{ workspace: code, id: `${story.theme_id}` }}>
          {m.toTheme}
        </Link>
      </div>
    </li>
  );
}
