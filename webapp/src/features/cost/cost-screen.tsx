import { useQuery } from "@tanstack/react-query";
import type { CostReport } from "@/api/generated";
import { getCostOptions } from "@/api/generated/@tanstack/react-query.gen";
import { useWorkspace } from "@/app/workspace-context";
import * as m from "@/messages/cost";
import { count } from "@/messages/format";
import { plain } from "@/messages/words";
import { DataTable } from "@/ui/data-table";
import { Page } from "@/ui/page";
import { Empty, QueryView, SkeletonLines } from "@/ui/states";
import { Stat, Stats } from "@/ui/stats";
import { Time } from "@/ui/time";
import { CeilingForm } from "./ceiling-form";
import styles from "./cost-screen.module.css";
import { isAsking, NextRun } from "./next-run";

export function CostScreen() {
  const { path } = useWorkspace();
  const query = useQuery({
    ...getCostOptions({ path }),
    refetchInterval: ({ state }) => (isAsking(state.data) ? 1500 : false),
  });
  return (
    <Page title={m.title} lead={m.lead}>
      <QueryView query={query} skeleton={<SkeletonLines count={6} height="2.5rem" />}>
        {(report) => <Report report={report} />}
      </QueryView>
    </Page>
  );
}

function Report({ report }: { report: CostReport }) {
  const { committed, ceilings, own, ledger } = report;
  return (
    <div className={styles.parts}>
      <Stats>
        <Figure label={m.today} value={committed.day} ceiling={ceilings.day} />
        <Figure label={m.total} value={committed.total} ceiling={ceilings.total} />
        <Stat label={m.aside} title={m.asideMeaning}>
          {m.usd(committed.reserved)}
        </Stat>
      </Stats>
      <NextRun report={report} />
      <CeilingForm key={JSON.stringify(own)} own={own} counting={ceilings} />
      {ledger.length > 0 ? (
        <>
          <Ledger report={report} />
          <Days report={report} />
        </>
      ) : (
        <Empty title={m.nothing}>
          <p>{m.nothingText}</p>
        </Empty>
      )}
    </div>
  );
}

interface FigureProps {
  label: string;
  value: string;
  ceiling: string | null | undefined;
}

function Figure({ label, value, ceiling }: FigureProps) {
  return (
    <Stat label={label}>
      {m.usd(value)}{" "}
      <span className={styles.quiet}>{ceiling ? m.of(m.usd(ceiling)) : m.noCeiling}</span>
    </Stat>
  );
}

function Ledger({ report: { ledger } }: { report: CostReport }) {
  return (
    <section aria-labelledby="ledger">
      <h2 id="ledger">{m.ledger}</h2>
      <DataTable
        caption={m.ledger}
        columns={[
          { name: m.model },
          { name: m.purpose },
          { name: m.prompt },
          { name: m.calls, number: true },
          { name: m.tokensIn, number: true },
          { name: m.cached, number: true },
          { name: m.tokensOut, number: true },
          { name: m.cost, number: true },
        ]}
        rows={ledger.map((line) => ({
          key: `${line.provider} ${line.model} ${line.purpose} ${line.prompt_hash}`,
          cells: [
            `${line.provider}:${line.model}`,
            plain(line.purpose),
            line.prompt_hash ? <code key="prompt">{line.prompt_hash}</code> : "–",
            <span key="calls" title={m.repaired(line.repaired)}>
              {count(line.calls)}
            </span>,
            count(line.input_tokens),
            count(line.cached_tokens),
            count(line.output_tokens),
            m.usd(line.cost_usd),
          ],
        }))}
      />
    </section>
  );
}

function Days({ report: { days } }: { report: CostReport }) {
  return (
    <section aria-labelledby="days">
      <h2 id="days">{m.days}</h2>
      <DataTable
        caption={m.days}
        columns={[{ name: m.day }, { name: m.calls, number: true }, { name: m.cost, number: true }]}
        rows={days
          .filter(({ calls }) => calls > 0)
          .toReversed()
          .map(({ day, calls, cost_usd: cost }) => ({
            key: day,
            cells: [<Time key="day" at={day} as="day" zone="UTC" />, count(calls), m.usd(cost)],
          }))}
      />
    </section>
  );
}
