import type { QuoteFailures } from "@/api/generated";
import * as m from "@/messages/accuracy";
import { count } from "@/messages/format";
import { capital, deciders } from "@/messages/words";
import { Breakable } from "@/ui/breakable";
import { DataTable } from "@/ui/data-table";
import styles from "./accuracy-screen.module.css";

/** Quotes that were not in their message, by model. */
export function QuoteFailuresTable({ rows }: { rows: readonly QuoteFailures[] }) {
  const { model, decider, tried, dropped, share } = m.quoteColumns;
  if (rows.length === 0) return null;
  return (
    <section aria-labelledby="quote-failures">
      <h2 id="quote-failures">{m.quotes}</h2>
      <DataTable
        caption={m.quotes}
        columns={[
          { name: model },
          { name: decider },
          { name: tried, number: true },
          { name: dropped, number: true },
          { name: share, number: true },
        ]}
        rows={rows.map((row) => ({
          key: `${row.decider} ${row.model_version}`,
          cells: [
            <Breakable key="model" text={row.model_version} />,
            capital(deciders[row.decider]),
            count(row.located + row.dropped),
            count(row.dropped),
            m.share(row.failed),
          ],
        }))}
      />
      <p className={styles.note}>{m.quotesNote}</p>
    </section>
  );
}
