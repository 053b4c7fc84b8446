import type { Classification, ConversationDetail } from "@/api/generated";
import { useWorkspace } from "@/app/workspace-context";
import * as m from "@/messages/conversation";
import { deciders } from "@/messages/words";
import { SideSection } from "@/ui/side-section";
import { Correction } from "./correction";
import { describeLabel } from "./label-words";
import styles from "./side-panel.module.css";

/** The truth of the whole thread first, then what the first message alone said. */
const stageOrder = ["final", "open"] as const;

export function LabelsSection({ detail }: { detail: ConversationDetail }) {
  const { classifications, reading } = detail;
  const labels = stageOrder.flatMap((stage) =>
    classifications.filter((label) => label.stage === stage),
  );
  return (
    <SideSection title={m.labels}>
      {labels.length > 0 ? (
        <dl className={styles.labels}>
          {labels.map((label) => (
            <Label key={label.stage} label={label} />
          ))}
        </dl>
      ) : (
        <NotRead reading={reading} />
      )}
    </SideSection>
  );
}

function Label({ label }: { label: Classification }) {
  const { categoryName } = useWorkspace();
  const { name, confidence, otherwise } = describeLabel(label, categoryName);
  return (
    <div>
      <dt className={styles.quiet}>{m.stages[label.stage]}</dt>
      <dd>
        <span className={styles.strong}>{name}</span>{" "}
        <span title={m.confidenceMeaning}>{confidence}</span>
        <p className={styles.quiet}>
          {[otherwise, m.decidedBy(deciders[label.decider])].filter(Boolean).join("; ")}
        </p>
        <Correction label={label} />
      </dd>
    </div>
  );
}

function NotRead({ reading }: { reading: ConversationDetail["reading"] }) {
  if (reading?.status === "failed") {
    return (
      <p>
        {m.failedReading(reading.attempts)}
        {reading.reason && `: ${reading.reason}`}
      </p>
    );
  }
  return (
    <p>
      {m.notRead}. {m.notReadText}
    </p>
  );
}
