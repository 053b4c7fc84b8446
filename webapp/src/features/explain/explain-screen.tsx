import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import type { Explanation } from "@/api/generated";
import {
  explainFigureOptions,
  listFigureConversationsInfiniteOptions,
} from "@/api/generated/@tanstack/react-query.gen";
import { useWorkspace } from "@/app/workspace-context";
import * as m from "@/messages/explain";
import { count } from "@/messages/format";
import { deciders } from "@/messages/words";
import { CopyButton } from "@/ui/copy-button";
import { DataTable } from "@/ui/data-table";
import { Facts } from "@/ui/facts";
import { MoreButton } from "@/ui/more-button";
import { Page } from "@/ui/page";
import { Prose } from "@/ui/prose";
import { Empty, QueryView, SkeletonLines } from "@/ui/states";
import { Time } from "@/ui/time";
import styles from "./explain-screen.module.css";
import type { ExplainSearch } from "./search";

const route = getRouteApi("/w/$workspace/explain");

export function ExplainScreen() {
  const search = route.useSearch();
  if (!search.kind) {
    return (
      <Page title={m.title}>
        <Empty title={m.unnamed}>
          <p>{m.unnamedText}</p>
        </Empty>
      </Page>
    );
  }
  return <Figure search={{ ...search, kind: search.kind }} />;
}

type Named = ExplainSearch & { kind: NonNullable<ExplainSearch["kind"]> };

function Figure({ search }: { search: Named }) {
  const { path } = useWorkspace();
  const query = useQuery({
    ...explainFigureOptions({ path, query: search }),
    // As of one moment: it does not change while it is looked at.
    staleTime: Number.POSITIVE_INFINITY,
  });
  return (
    <Page title={query.data?.name ?? m.title} tab={m.title} foreign lead={m.title}>
      <QueryView query={query} skeleton={<SkeletonLines count={6} height="2rem" />}>
        {(explanation) => <Report explanation={explanation} />}
      </QueryView>
    </Page>
  );
}

function Report({ explanation }: { explanation: Explanation }) {
  const { totals, permalink } = explanation;
  return (
    <div className={styles.parts}>
      <section>
        <p className={styles.value}>{m.value(totals.conversations, totals.customers)}</p>
        <Expected explanation={explanation} />
        <CopyButton
          label={m.copyLink}
          text={() => `${window.location.origin}${window.location.pathname}?${permalink}`}
        />
        <p className={styles.quiet}>{m.copyNote}</p>
      </section>
      <What explanation={explanation} />
      <Who explanation={explanation} />
      <Left explanation={explanation} />
      <Measured explanation={explanation} />
      <Members explanation={explanation} />
      <Query explanation={explanation} />
    </div>
  );
}

interface PartProps {
  explanation: Explanation;
}

function Expected({ explanation: { expected, totals, gone } }: PartProps) {
  if (expected === null) return null;
  const now = totals.conversations;
  return (
    <p className={expected === now ? styles.quiet : styles.changed}>
      {expected === now ? m.same(expected) : m.changed(expected, now, gone)}
    </p>
  );
}

function What({ explanation: { figure, definition, totals } }: PartProps) {
  const period = [
    figure.since && m.from(figure.since),
    figure.until && m.before(figure.until),
  ].filter(Boolean);
  return (
    <section aria-labelledby="what">
      <h2 id="what">{m.what}</h2>
      <Facts
        facts={[
          { label: m.kind, value: m.kinds[figure.kind] },
          { label: m.definition, value: definition },
          { label: m.begun, value: period.length > 0 ? period.join(", ") : m.anyTime },
          { label: m.asOf, value: <Time at={figure.as_of} /> },
          { label: m.oldest, value: totals.first_at && <Time at={totals.first_at} /> },
          { label: m.newest, value: totals.latest_at && <Time at={totals.latest_at} /> },
        ]}
      />
    </section>
  );
}

function Who({ explanation: { provenance } }: PartProps) {
  return (
    <section aria-labelledby="who">
      <h2 id="who">{m.who}</h2>
      {provenance.length === 0 ? (
        <p>{m.nothing}</p>
      ) : (
        <DataTable
          caption={m.who}
          columns={[
            { name: m.decider },
            { name: m.model },
            { name: m.taxonomy },
            { name: m.prompt },
            { name: m.conversations, number: true },
          ]}
          rows={provenance.map((part, at) => ({
            key: `${at}`,
            cells: [
              deciders[part.decider],
              <code key="model">{part.model_version}</code>,
              part.taxonomy_version === null ? "–" : m.version(part.taxonomy_version),
              part.prompt_hash ? <code key="prompt">{part.prompt_hash}</code> : "–",
              count(part.conversations),
            ],
          }))}
        />
      )}
    </section>
  );
}

function Left({ explanation: { exclusions } }: PartProps) {
  return (
    <section aria-labelledby="left">
      <h2 id="left">{m.left}</h2>
      <p className={styles.quiet}>{exclusions.length > 0 ? m.leftNote : m.nothingLeft}</p>
      {exclusions.length > 0 && (
        <DataTable
          caption={m.left}
          columns={[{ name: m.reason }, { name: m.conversations, number: true }]}
          rows={exclusions.map(({ reason, conversations }) => ({
            key: reason,
            cells: [reason, count(conversations)],
          }))}
        />
      )}
    </section>
  );
}

function Measured({ explanation: { labelled } }: PartProps) {
  const { path } = useWorkspace();
  return (
    <section aria-labelledby="measured">
      <h2 id="measured">{m.measured}</h2>
      <p>{m.labels(labelled.length)}</p>
      <p>
        <Link to="/w/$workspace/review" params={path}>
          {m.toReview}
        </Link>
      </p>
    </section>
  );
}

function Members({ explanation: { figure } }: PartProps) {
  const { path } = useWorkspace();
  const wanted = { ...figure, limit: 50 };
  const query = useInfiniteQuery({
    ...listFigureConversationsInfiniteOptions({ path, query: wanted }),
    initialPageParam: { path, query: wanted },
    getNextPageParam: ({ next }) => next,
  });
  return (
    <section aria-labelledby="members">
      <h2 id="members">{m.members}</h2>
      <QueryView query={query} skeleton={<SkeletonLines count={3} />}>
        {({ pages }) => (
          <ul className={styles.ids}>
            {pages
              .flatMap(({ items }) => items)
              .map((id) => (
                <li key={id}>
                  <Link to="/w/$workspace/conversations/$id" params={{ ...path, id }}>
                    {id}
                  </Link>
                </li>
              ))}
          </ul>
        )}
      </QueryView>
      <MoreButton query={query} />
    </section>
  );
}

function Query({ explanation: { query, parameters } }: PartProps) {
  return (
    <section aria-labelledby="query">
      <h2 id="query">{m.query}</h2>
      <p className={styles.quiet}>
        <Prose text={m.queryNote} />
      </p>
      <Facts
        facts={Object.entries(parameters).map(([label, value]) => ({
          label,
          value: <code>{value}</code>,
        }))}
      />
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keys */}
      <pre className={styles.query} tabIndex={0}>
        {query}
      </pre>
    </section>
  );
}
