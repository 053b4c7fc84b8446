import { useMutation, useQueryClient } from "@tanstack/react-query";
import type { CostReport } from "@/api/generated";
import { askForQuoteMutation, getCostQueryKey } from "@/api/generated/@tanstack/react-query.gen";
import { useWorkspace } from "@/app/workspace-context";
import * as m from "@/messages/cost";
import { Button } from "@/ui/button";
import { Prose } from "@/ui/prose";
import { ProblemPanel } from "@/ui/states";
import { readQuote } from "./quote";

/** Whether a quote was asked for and is not there yet. */
export const isAsking = (report: CostReport | undefined): boolean =>
  report?.quote != null && report.quote.made_at === null;

/** What the next run would cost: counted by a worker when somebody asks. */
export function NextRun({ report }: { report: CostReport }) {
  const { path } = useWorkspace();
  const queries = useQueryClient();
  const ask = useMutation({
    ...askForQuoteMutation(),
    onSettled: () => void queries.invalidateQueries({ queryKey: getCostQueryKey({ path }) }),
  });
  const busy = isAsking(report) || ask.isPending;
  return (
    <section aria-labelledby="next-run">
      <h2 id="next-run">{m.quote}</h2>
      {ask.error && <ProblemPanel error={ask.error} />}
      <div role="status">{busy ? <p>{m.asking}</p> : <Told report={report} />}</div>
      <Button disabled={busy} onClick={() => ask.mutate({ path })}>
        {m.ask}
      </Button>
    </section>
  );
}

function Told({ report: { quote } }: { report: CostReport }) {
  if (!quote) return null;
  if (quote.error) {
    return (
      <p>
        <Prose text={quote.error} />
      </p>
    );
  }
  const told = readQuote(quote.quote);
  if (!told) return null;
  const { low, high, byBatch } = told;
  return (
    <>
      <p>{m.asked(told.conversations, told.calls, told.model)}</p>
      {told.calls > 0 ? (
        <>
          <p>{m.perCall(told.input, told.shared, told.output)}</p>
          <p>{low && high ? m.between(low, high) : <Prose text={m.unknownPrice} />}</p>
          {byBatch && (
            <p>
              <Prose text={m.byBatch(byBatch)} />
            </p>
          )}
        </>
      ) : (
        <p>{m.free}</p>
      )}
    </>
  );
}
