import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import type { TaxonomyDetail } from "@/api/generated";
import {
  draftTaxonomyChangeMutation,
  getTaxonomyOptions,
  getTaxonomyQueryKey,
  listTaxonomyVersionsOptions,
} from "@/api/generated/@tanstack/react-query.gen";
import { toProblem } from "@/api/problem";
import { useWorkspace } from "@/app/workspace-context";
import * as m from "@/messages/taxonomy";
import { Button } from "@/ui/button";
import { Page } from "@/ui/page";
import { Empty, ProblemPanel, QueryView, SkeletonLines } from "@/ui/states";
import { AreaTree, CategoryList } from "./entries";
import styles from "./taxonomy.module.css";
import { VersionTables } from "./version-tables";
import { WeekCounts } from "./week-counts-section";

const MISSING = 404;

export function TaxonomyScreen() {
  const { path } = useWorkspace();
  const query = useQuery(getTaxonomyOptions({ path }));
  const missing = query.error !== null && toProblem(query.error).status === MISSING;
  return (
    <Page
      title={m.title}
      lead={m.lead}
      actions={query.data && <EditButton draftId={query.data.draft_id} />}
    >
      {missing ? (
        <NoTaxonomy />
      ) : (
        <QueryView query={query} skeleton={<SkeletonLines count={8} height="2.5rem" />}>
          {(detail) => <Parts detail={detail} />}
        </QueryView>
      )}
    </Page>
  );
}

function Parts({ detail }: { detail: TaxonomyDetail }) {
  const { path } = useWorkspace();
  const versions = useQuery(listTaxonomyVersionsOptions({ path }));
  const { categories, areas = [] } = detail.taxonomy;
  return (
    <div className={styles.parts}>
      <section aria-labelledby="categories">
        <h2 id="categories">{m.categories}</h2>
        <CategoryList categories={categories} />
      </section>
      <WeekCounts newest={detail.version} versions={versions.data ?? []} />
      <section aria-labelledby="areas">
        <h2 id="areas">{m.areas}</h2>
        {areas.length > 0 ? <AreaTree areas={areas} /> : <p>{m.noAreas}</p>}
      </section>
      <QueryView query={versions} skeleton={<SkeletonLines />}>
        {(rows) => <VersionTables versions={rows} />}
      </QueryView>
    </div>
  );
}

/** Opens the draft that there is, or begins one. */
function EditButton({ draftId }: { draftId: number | null }) {
  const { code, path } = useWorkspace();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const go = (id: number) =>
    void navigate({
      to: "/w/$workspace/taxonomy/changes/$id",
      params: { workspace: code, id: `${id}` },
    });
  const begin = useMutation({
    ...draftTaxonomyChangeMutation(),
    onSuccess: ({ change }) => go(change.id),
    onSettled: () => void queries.invalidateQueries({ queryKey: getTaxonomyQueryKey({ path }) }),
  });
  return (
    <>
      {begin.error && <ProblemPanel error={begin.error} />}
      <Button
        look="primary"
        disabled={begin.isPending}
        onClick={() => (draftId === null ? begin.mutate({ path, body: {} }) : go(draftId))}
      >
        {begin.isPending ? m.starting : draftId === null ? m.edit : m.continueDraft}
      </Button>
    </>
  );
}

function NoTaxonomy() {
  const { path } = useWorkspace();
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
