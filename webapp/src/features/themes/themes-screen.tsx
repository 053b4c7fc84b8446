import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useMemo } from "react";
import type { ThemeList } from "@/api/generated";
import { listThemesOptions } from "@/api/generated/@tanstack/react-query.gen";
import { useWorkspace } from "@/app/workspace-context";
import * as m from "@/messages/themes";
import { ofConversations, themedTruly } from "@/messages/week";
import { Button } from "@/ui/button";
import { Measured } from "@/ui/measured";
import { Page } from "@/ui/page";
import { Empty, QueryView, SkeletonLines } from "@/ui/states";
import { arrange } from "./arrangement";
import { ThemeFilters } from "./theme-filters";
import { ThemeTable } from "./theme-table";

const route = getRouteApi("/w/$workspace/themes");

export function ThemesScreen() {
  const { path } = useWorkspace();
  const query = useQuery(listThemesOptions({ path }));
  return (
    <Page title={m.title} lead={query.data && <Lead list={query.data} />}>
      <QueryView query={query} skeleton={<SkeletonLines count={12} height="2.5rem" />}>
        {(list) => (list.items.length === 0 ? <NoThemes list={list} /> : <Themes list={list} />)}
      </QueryView>
    </Page>
  );
}

function Lead({ list: { totals, themed_estimate } }: { list: ThemeList }) {
  const { path } = useWorkspace();
  const rest = totals.conversations - totals.themed;
  if (totals.conversations === 0) return null;
  return (
    <p>
      {m.lead(totals.themes)}{" "}
      {m.remainder(
        <Link to="/w/$workspace/conversations" params={path} search={{ unthemed: true }}>
          {ofConversations(rest, totals.conversations)}
        </Link>,
        rest / totals.conversations,
      )}
      <br />
      {themedTruly} <Measured estimate={themed_estimate} as="share" />
    </p>
  );
}

function Themes({ list }: { list: ThemeList }) {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const rows = useMemo(() => arrange(list.items, search), [list.items, search]);
  const clear = () => void navigate({ search: ({ sort, dir }) => ({ sort, dir }), replace: true });
  return (
    <>
      <ThemeFilters list={list} shown={rows.length} />
      {rows.length > 0 ? (
        <ThemeTable rows={rows} />
      ) : (
        <Empty title={m.noMatch}>
          <p>{m.noMatchText}</p>
          <p>
            <Button onClick={clear}>{m.clearFilters}</Button>
          </p>
        </Empty>
      )}
    </>
  );
}

function NoThemes({ list }: { list: ThemeList }) {
  const { path } = useWorkspace();
  return (
    <Empty title={m.empty}>
      <p>{m.emptyText(list.totals.conversations)}</p>
      <p>
        <Link to="/w/$workspace/runs" params={path}>
          {m.toRuns}
        </Link>
      </p>
    </Empty>
  );
}
