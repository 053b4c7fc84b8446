import type { ConversationDetail, StoredLabel } from "@/api/generated";
import { useWorkspace } from "@/app/workspace-context";
import * as m from "@/messages/conversation";
import { deciders } from "@/messages/words";
import { SideSection } from "@/ui/side-section";
import { Correction } from "./correction";
import { LabelWhy } from "./label-why";
import { describeLabel, localGuess } from "./label-words";
import styles from "./side-panel.module.css";

/** The truth of the whole thread first, then what the first message alone said. */
const stageOrder = ["final", "open"] as const;

export function LabelsSection({ detail }: { detail: ConversationDetail }) {
  const { classifications, earlier_labels, reading } = detail;
  const labels = stageOrder.flatMap((stage) =>
    classifications.filter((label) => label.stage === stage),
  );
  return (
    <SideSection title={m.labels}>
      <LeftOut reading={reading} />
      {labels.length > 0 ? (
        <dl className={styles.labels}>
          {labels.map((label) => (
            <Label
              key={label.stage}
              label={label}
              earlier={earlier_labels.filter(({ stage }) => stage === label.stage)}
            />
          ))}
        </dl>
      ) : (
        <NotRead reading={reading} />
      )}
    </SideSection>
  );
}

interface LabelProps {
  label: StoredLabel;
  earlier: readonly StoredLabel[];
}

function Label({ label, earlier }: LabelProps) {
  const { categoryName } = useWorkspace();
  const { name, confidence, otherwise } = describeLabel(label, categoryName);
  return (
    <div>
      <dt className={styles.quiet}>{m.stages[label.stage]}</dt>
      <dd>
        <span className={styles.strong}>{name}</span>{" "}
        <span title={m.confidenceMeaning}>{confidence}</span>
        <p className={styles.quiet}>
          {[otherwise, m.decidedBy(deciders[label.decider]), localGuess(label, categoryName)]
            .filter(Boolean)
            .join("; ")}
        </p>
        <LabelWhy label={label} earlier={earlier} />
        <Correction label={label} />
      </dd>
    </div>
  );
}

/** What a model was not shown of a conversation that is too long. */
function LeftOut({ reading }: { reading: ConversationDetail["reading"] }) {
  if (!reading?.characters_left_out) return null;
  const { messages_left_out, characters_left_out } = reading;
  return <p className={styles.warning}>{m.leftOut(messages_left_out, characters_left_out)}</p>;
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
  if (reading?.status === "pending" && reading.reason) {
    return (
      <p>
        {m.waits}: {reading.reason}
      </p>
    );
  }
  return (
    <p>
      {m.notRead}. {m.notReadText}
    </p>
  );
}
