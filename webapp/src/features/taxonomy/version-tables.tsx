import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { ChangeSummary, TaxonomyVersion } from "@/api/generated";
import { listTaxonomyChangesOptions } from "@/api/generated/@tanstack/react-query.gen";
import { useWorkspace } from "@/app/workspace-context";
import { count } from "@/messages/format";
import * as m from "@/messages/taxonomy";
import { DataTable } from "@/ui/data-table";
import { QueryView, SkeletonLines } from "@/ui/states";
import { Time } from "@/ui/time";
import styles from "./taxonomy.module.css";

/** Versions, then the changes that made them and those that did not. */
export function VersionTables({ versions }: { versions: readonly TaxonomyVersion[] }) {
  const { path } = useWorkspace();
  const query = useQuery(listTaxonomyChangesOptions({ path }));
  return (
    <>
      <section aria-labelledby="versions">
        <h2 id="versions">{m.versions}</h2>
        <DataTable
          caption={m.versions}
          columns={[
            { name: m.version },
            { name: m.made },
            { name: m.categories, number: true },
            { name: m.areas, number: true },
            { name: m.note },
          ]}
          rows={versions.map((row) => ({
            key: `${row.version}`,
            cells: [
              row.version,
              <Time key="made" at={row.created_at} as="moment" />,
              count(row.categories),
              count(row.areas),
              <span key="note" className={styles.note}>
                {row.note}
              </span>,
            ],
          }))}
        />
      </section>
      <QueryView query={query} skeleton={<SkeletonLines />}>
        {(changes) => changes.length > 0 && <Changes changes={changes} />}
      </QueryView>
    </>
  );
}

function Changes({ changes }: { changes: readonly ChangeSummary[] }) {
  const { code } = useWorkspace();
  return (
    <section aria-labelledby="changes">
      <h2 id="changes">{m.changes}</h2>
      <DataTable
        caption={m.changes}
        columns={[{ name: m.change }, { name: m.status }, { name: m.made }, { name: m.note }]}
        rows={changes.map((row) => ({
          key: `${row.id}`,
          cells: [
            <Link
              key="id"
              to="/w/$workspace/taxonomy/changes/$id"
              params={{ workspace: code, id: `${row.id}` }}
            >
              {m.changeName(row.id)}
            </Link>,
            m.statuses[row.status],
            <Time key="made" at={row.created_at} as="moment" />,
            <span key="note" className={styles.note}>
              {row.note}
            </span>,
          ],
        }))}
      />
    </section>
  );
}
