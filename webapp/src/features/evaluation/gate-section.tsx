import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import type { AccuracyReport, Comparison, Version } from "@/api/generated";
import { compareVersionsOptions } from "@/api/generated/@tanstack/react-query.gen";
import { useWorkspace } from "@/app/workspace-context";
import * as m from "@/messages/accuracy";
import { count, percent } from "@/messages/format";
import { Badge, type Tone } from "@/ui/badge";
import { DataTable } from "@/ui/data-table";
import { Choice, type ChoiceOption, Filters } from "@/ui/filters";
import { QueryView, SkeletonLines } from "@/ui/states";
import styles from "./accuracy-screen.module.css";

const route = getRouteApi("/w/$workspace/accuracy");

/** Two versions on the same conversations; nothing is ranked that chance may explain. */
export function GateSection({ report: { versions } }: { report: AccuracyReport }) {
  const { before } = route.useSearch();
  return (
    <section aria-labelledby="gate">
      <h2 id="gate">{m.gate}</h2>
      <p className={styles.note}>{m.gateNote}</p>
      {versions.length < 2 && !before ? (
        <p className={styles.quiet}>{m.oneVersion}</p>
      ) : (
        <Versions options={optionsOf(versions)} />
      )}
      {before && <Verdict before={before} />}
    </section>
  );
}

const optionsOf = (versions: readonly Version[]): ChoiceOption[] => {
  const names = new Map(
    versions.map(({ model_version, taxonomy_version }) => [
      model_version,
      m.version(model_version, taxonomy_version),
    ]),
  );
  return [...names].map(([value, name]) => ({ value, name }));
};

function Versions({ options }: { options: readonly ChoiceOption[] }) {
  const { before, after } = route.useSearch();
  const navigate = route.useNavigate();
  const set = (part: { before?: string } | { after?: string }) =>
    void navigate({
      search: (now) => ({ ...now, ...part }),
      replace: true,
      resetScroll: false,
    });
  return (
    <Filters>
      <Choice
        label={m.before}
        all={m.choose}
        value={before}
        options={options}
        onChange={(value) => set({ before: value })}
      />
      <Choice
        label={m.after}
        all={m.now}
        value={after}
        options={options}
        onChange={(value) => set({ after: value })}
      />
    </Filters>
  );
}

function Verdict({ before }: { before: string }) {
  const { path } = useWorkspace();
  const { after, stage = "final" } = route.useSearch();
  const query = useQuery(
    compareVersionsOptions({ path, query: { before, stage, ...(after ? { after } : {}) } }),
  );
  return (
    <QueryView query={query} skeleton={<SkeletonLines count={3} />}>
      {(found) => <Judged found={found} />}
    </QueryView>
  );
}

const tones: Record<Comparison["verdict"], Tone> = {
  better: "fresh",
  worse: "danger",
  "not resolved": "plain",
};

function Judged({ found }: { found: Comparison }) {
  const { measure, before, after, test } = m.gateColumns;
  return (
    <>
      <p className={styles.verdict}>
        <Badge tone={tones[found.verdict]}>{m.verdicts[found.verdict]}</Badge>
        {found.reason}
      </p>
      <p>{m.comparison(found.items)}</p>
      <DataTable
        caption={m.gate}
        columns={[
          { name: measure },
          { name: before, number: true },
          { name: after, number: true },
          { name: test, number: true },
        ]}
        rows={[
          {
            key: "right",
            cells: [
              m.rightCount,
              count(found.right_before),
              count(found.right_after),
              m.onlyOne(found.only_before, found.only_after, found.p_value),
            ],
          },
          {
            key: "macro",
            cells: [
              m.totals.macro,
              percent(found.macro_f1_before),
              percent(found.macro_f1_after),
              m.changeOf(found.macro_f1_change),
            ],
          },
        ]}
      />
    </>
  );
}
