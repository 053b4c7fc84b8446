import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import type { ThemeDetail } from "@/api/generated";
import { getThemeOptions } from "@/api/generated/@tanstack/react-query.gen";
import { useWorkspace } from "@/app/workspace-context";
import * as m from "@/messages/theme";
import { Badge } from "@/ui/badge";
import { Page } from "@/ui/page";
import { QueryView, SkeletonLines } from "@/ui/states";
import { Time } from "@/ui/time";
import { Verdict } from "@/ui/verdict";
import { ThemeFigures } from "./theme-figures";
import { ThemeQuotes } from "./theme-quotes";
import styles from "./theme-screen.module.css";
import { TrendSection } from "./trend-section";

const route = getRouteApi("/w/$workspace/themes/$id");

export function ThemeScreen() {
  const { code } = useWorkspace();
  const { id } = route.useParams();
  const query = useQuery(getThemeOptions({ path: { workspace: code, theme_id: Number(id) } }));
  const theme = query.data?.driver.theme;
  return (
    <Page
      key={id}
      title={theme?.name ?? m.tab}
      above={
        <Link to="/w/$workspace/themes" params={{ workspace: code }}>
          {m.back}
        </Link>
      }
      lead={query.data && <Labels detail={query.data} />}
    >
      <QueryView query={query} skeleton={<SkeletonLines count={8} height="2.5rem" />}>
        {(detail) => <Detail detail={detail} />}
      </QueryView>
    </Page>
  );
}

function Labels({ detail: { driver } }: { detail: ThemeDetail }) {
  const { themeCategory, areaName } = useWorkspace();
  const { theme, verdict, volume } = driver;
  return (
    <div className={styles.labels}>
      <Verdict verdict={verdict} />
      <Badge>{themeCategory(theme.category_id)}</Badge>
      {theme.product_area_id && <Badge>{m.area(areaName(theme.product_area_id))}</Badge>}
      <span className={styles.heard}>
        {m.firstHeard} <Time at={volume.first_at} as="day" />
      </span>
      <span className={styles.heard}>
        {m.lastHeard} <Time at={volume.latest_at} as="day" />
      </span>
      {(theme.keywords ?? []).length > 0 && (
        <span dir="auto" className={styles.keywords}>
          {m.keywords}: {theme.keywords?.join(", ")}
        </span>
      )}
    </div>
  );
}

function Detail({ detail }: { detail: ThemeDetail }) {
  const { code, path } = useWorkspace();
  const { driver, story_id } = detail;
  return (
    <div className={styles.detail}>
      <ThemeFigures detail={detail} />
      <p className={styles.links}>
        <Link to="/w/$workspace/conversations" params={path} search={{ theme: driver.theme.id }}>
          {m.toConversations(driver.volume.conversations)}
        </Link>
        {story_id === null ? (
          <span className={styles.quiet}>{m.noStory}</span>
        ) : (
          <Link to="/w/$workspace/stories/$id" params={{ workspace: code, id: `${story_id}` }}>
            {m.story}
          </Link>
        )}
      </p>
      <div className={styles.trend}>
        <TrendSection theme={detail.driver.theme.id} trend={detail.trend} />
      </div>
      <ThemeQuotes themeId={driver.theme.id} />
    </div>
  );
}
