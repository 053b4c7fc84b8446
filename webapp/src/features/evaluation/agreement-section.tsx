import type { AccuracyReport } from "@/api/generated";
import * as m from "@/messages/accuracy";
import { count, joined, precise } from "@/messages/format";
import { DataTable } from "@/ui/data-table";
import styles from "./accuracy-screen.module.css";

/** How far labellers agree: the ceiling of what can be measured. */
export function AgreementSection({ report: { agreement, labellers } }: { report: AccuracyReport }) {
  const { labellers: names, ...numbers } = m.pairColumns;
  return (
    <section aria-labelledby="agreement">
      <h2 id="agreement">{m.agreement}</h2>
      {agreement.items === 0 ? (
        <p className={styles.quiet}>{m.noAgreement}</p>
      ) : (
        <>
          <p>{m.agreementText(agreement.items, m.share(agreement.agreed))}</p>
          {agreement.alpha && <p>{m.alpha(m.number(agreement.alpha))}</p>}
          <DataTable
            caption={m.agreement}
            columns={[
              { name: names },
              ...Object.values(numbers).map((name) => ({ name, number: true })),
            ]}
            rows={labellers.map(({ labellers: pair, items, agreed, kappa }) => ({
              key: pair.join(" "),
              cells: [
                joined(pair),
                count(items),
                count(agreed),
                kappa === null ? "–" : precise(kappa),
              ],
            }))}
          />
        </>
      )}
    </section>
  );
}
