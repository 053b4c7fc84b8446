import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import type { HumanLabel, StoredLabel } from "@/api/generated";
import { listLabelsOptions } from "@/api/generated/@tanstack/react-query.gen";
import { useWorkspace } from "@/app/workspace-context";
import * as m from "@/messages/conversation";
import { percent } from "@/messages/format";
import { capital, deciders } from "@/messages/words";
import { Facts } from "@/ui/facts";
import { QueryView, SkeletonLines } from "@/ui/states";
import { Time } from "@/ui/time";
import styles from "./label-why.module.css";
import { describeMachine, describePast, localOpinion } from "./label-words";

interface LabelWhyProps {
  label: StoredLabel;
  /** Labels of the same stage that once counted, newest first. */
  earlier: readonly StoredLabel[];
}

/** Who decided a label, on which grounds, what was said before, and what people said. */
export function LabelWhy({ label, earlier }: LabelWhyProps) {
  const [open, setOpen] = useState(false);
  return (
    <details className={styles.why} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary aria-label={m.whyOf(m.stages[label.stage])}>{m.why}</summary>
      {open && (
        <div className={styles.parts}>
          <Grounds label={label} />
          <Past labels={earlier} />
          <People label={label} />
        </div>
      )}
    </details>
  );
}

function Grounds({ label }: { label: StoredLabel }) {
  const { categoryName } = useWorkspace();
  const { decider, confidence, stated, is_audit, prompt_hash, input_key } = label;
  const human = decider === "human";
  return (
    <Facts
      facts={[
        { label: m.decided, value: capital(deciders[decider]) },
        {
          label: m.confidence,
          value: human ? null : percent(confidence),
          title: m.confidenceMeaning,
        },
        { label: m.said, value: stated && m.statedNames[stated], title: m.saidMeaning },
        { label: m.local, value: localOpinion(label, categoryName) },
        { label: m.audit, value: is_audit ? m.auditYes : null },
        { label: m.model, value: human ? null : <code>{label.model_version}</code> },
        { label: m.prompt, value: prompt_hash && <code>{prompt_hash}</code> },
        { label: m.taxonomy, value: m.version(label.taxonomy_version) },
        { label: m.when, value: <Time at={label.created_at} /> },
        {
          label: m.inputKey,
          value: human ? null : <code>{input_key.slice(0, 16)}</code>,
          title: m.inputKeyMeaning,
        },
      ]}
    />
  );
}

function Past({ labels }: { labels: readonly StoredLabel[] }) {
  const { categoryName } = useWorkspace();
  if (labels.length === 0) return null;
  return (
    <Said title={m.earlier}>
      {labels.map((label) => (
        <li key={`${label.created_at} ${label.input_key}`}>
          {describePast(label, categoryName)}
          {label.superseded_at && (
            <>
              {" "}
              {m.until} <Time at={label.superseded_at} />
            </>
          )}
        </li>
      ))}
    </Said>
  );
}

function People({ label: { conversation_id, stage } }: { label: StoredLabel }) {
  const { path } = useWorkspace();
  const query = useQuery(listLabelsOptions({ path: { ...path, conversation_id } }));
  return (
    <QueryView query={query} skeleton={<SkeletonLines count={1} />}>
      {(labels) => <PeopleSaid labels={labels.filter(({ kind }) => kind === stage)} />}
    </QueryView>
  );
}

function PeopleSaid({ labels }: { labels: readonly HumanLabel[] }) {
  const { categoryName } = useWorkspace();
  if (labels.length === 0) return <p className={styles.quiet}>{m.nobodySaid}</p>;
  return (
    <Said title={m.peopleSaid}>
      {labels.map((label) => (
        <li key={label.id}>
          <bdi>{label.labeller}</bdi>: {categoryName(label.value)}, <Time at={label.created_at} />
          <span className={styles.quiet}> {describeMachine(label, categoryName)}</span>
        </li>
      ))}
    </Said>
  );
}

function Said({ title, children }: { title: string; children: ReactNode }) {
  return (
    <div>
      <p className={styles.quiet}>{title}</p>
      <ul className={styles.said}>{children}</ul>
    </div>
  );
}
