import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import type { AccuracyReport } from "@/api/generated";
import { getAccuracyOptions } from "@/api/generated/@tanstack/react-query.gen";
import { oneOf } from "@/app/search";
import { useWorkspace } from "@/app/workspace-context";
import * as m from "@/messages/accuracy";
import { Choice, Filters } from "@/ui/filters";
import { Page } from "@/ui/page";
import { Empty, QueryView, SkeletonLines } from "@/ui/states";
import styles from "./accuracy-screen.module.css";
import { AccuracyTotals } from "./accuracy-totals";
import { AgreementSection } from "./agreement-section";
import { CalibrationSection } from "./calibration-section";
import { ChangesSection } from "./changes-section";
import { ClassTable } from "./class-table";
import { ConfusionTable } from "./confusion-table";
import { GateSection } from "./gate-section";
import { QuoteFailuresTable } from "./quote-failures-table";
import { RiskSection } from "./risk-section";

const route = getRouteApi("/w/$workspace/accuracy");

export function AccuracyScreen() {
  const { path } = useWorkspace();
  const { stage = "final" } = route.useSearch();
  const query = useQuery(getAccuracyOptions({ path, query: { stage } }));
  return (
    <Page title={m.title} lead={m.lead}>
      <StageFilter />
      <QueryView query={query} skeleton={<SkeletonLines count={8} height="2.5rem" />}>
        {(report) => <Report report={report} />}
      </QueryView>
    </Page>
  );
}

function StageFilter() {
  const { stage } = route.useSearch();
  const navigate = route.useNavigate();
  return (
    <Filters>
      <Choice
        label={m.stage}
        all={m.stages.final}
        value={stage}
        options={[{ value: "open", name: m.stages.open }]}
        onChange={(value) =>
          void navigate({
            search: (now) => ({ ...now, stage: oneOf(value, ["open"]) }),
            replace: true,
          })
        }
      />
    </Filters>
  );
}

function Report({ report }: { report: AccuracyReport }) {
  const { accuracy, confidence, changes } = report;
  return (
    <div className={styles.parts}>
      {accuracy.labels > 0 ? (
        <>
          <AccuracyTotals report={report} />
          <ClassTable classes={accuracy.classes} />
          <ConfusionTable cells={accuracy.confusion} />
          <CalibrationSection confidence={confidence} />
          <RiskSection points={confidence.risk_coverage} />
          <GateSection report={report} />
        </>
      ) : (
        <NothingMeasured report={report} />
      )}
      {report.labelled > 0 && <AgreementSection report={report} />}
      <ChangesSection changes={changes} />
      <QuoteFailuresTable rows={report.quotes} />
    </div>
  );
}

function NothingMeasured({ report: { needed, labelled } }: { report: AccuracyReport }) {
  const { path } = useWorkspace();
  return (
    <Empty title={m.empty}>
      <p>{m.emptyText(needed)}</p>
      {labelled > 0 && <p>{m.otherLabels(labelled)}</p>}
      <p>
        <Link to="/w/$workspace/review" params={path}>
          {m.toReview}
        </Link>
      </p>
    </Empty>
  );
}
