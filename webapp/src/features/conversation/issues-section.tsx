import { Link } from "@tanstack/react-router";
import type { ConversationDetail, ConversationIssue } from "@/api/generated";
import { useWorkspace } from "@/app/workspace-context";
import * as m from "@/messages/conversation";
import { directions } from "@/messages/words";
import { Badge } from "@/ui/badge";
import { Facts } from "@/ui/facts";
import { SideSection } from "@/ui/side-section";
import { goTo, issueAnchor, markAnchor } from "./places";
import styles from "./side-panel.module.css";

export function IssuesSection({ detail }: { detail: ConversationDetail }) {
  const { issues, evidence, facets } = detail;
  const byModel = facets?.decider === "llm" && issues.length > 0;
  return (
    <SideSection title={m.issues} note={byModel ? m.issuesByModel : undefined}>
      {issues.length === 0 && <p className={styles.quiet}>{m.noIssues}</p>}
      <ul className={styles.issues}>
        {issues.map((entry) => (
          <IssueItem
            key={entry.issue.id}
            entry={entry}
            quotes={evidence
              .filter(({ issue_id }) => issue_id === entry.issue.id)
              .map(({ id }) => id)}
          />
        ))}
      </ul>
    </SideSection>
  );
}

function IssueItem({ entry, quotes }: { entry: ConversationIssue; quotes: readonly number[] }) {
  const { areaName } = useWorkspace();
  const { issue, theme } = entry;
  return (
    <li id={issueAnchor(issue.id)} tabIndex={-1} className={styles.issue}>
      <p className={styles.statement} dir="auto">
        {issue.statement}
      </p>
      <IssueTheme theme={theme} />
      <IssueParticulars issue={issue} />
      <div className={styles.badges}>
        <Badge>{directions[issue.direction]}</Badge>
        {issue.product_area_id && <Badge>{areaName(issue.product_area_id)}</Badge>}
        {!issue.verified && (
          <Badge tone="caution" title={m.unverifiedMeaning}>
            {m.unverified}
          </Badge>
        )}
        {quotes.map((id, at) => (
          <button
            key={id}
            type="button"
            className={styles.jump}
            onClick={() => goTo(markAnchor(id))}
          >
            {m.seeQuote(at + 1)}
          </button>
        ))}
      </div>
    </li>
  );
}

function IssueParticulars({ issue }: { issue: ConversationIssue["issue"] }) {
  const { component, symptoms, root_cause_stated, root_cause_guessed } = issue;
  return (
    <>
      <Facts
        facts={[
          { label: m.component, value: component && <bdi>{component}</bdi> },
          {
            label: m.symptoms,
            value: symptoms.length > 0 ? <Symptoms symptoms={symptoms} /> : null,
          },
        ]}
      />
      {root_cause_stated && <Cause source={m.causeStated} text={root_cause_stated} />}
      {root_cause_guessed && <Cause source={m.causeGuessed} text={root_cause_guessed} guess />}
    </>
  );
}

function Symptoms({ symptoms }: { symptoms: readonly string[] }) {
  return (
    <ul>
      {[...new Set(symptoms)].map((symptom) => (
        <li key={symptom} dir="auto">
          {symptom}
        </li>
      ))}
    </ul>
  );
}

interface CauseProps {
  source: string;
  text: string;
  guess?: boolean;
}

/** Why it happens: as somebody said, or as a model supposes, which nobody may take for the other. */
function Cause({ source, text, guess = false }: CauseProps) {
  return (
    <div className={guess ? styles.guess : styles.cause}>
      <p>
        <span className={styles.quiet}>{m.cause}</span>{" "}
        <Badge tone={guess ? "caution" : "neutral"}>{source}</Badge>
      </p>
      <p className={styles.wrapped} dir="auto">
        {text}
      </p>
    </div>
  );
}

function IssueTheme({ theme }: { theme: ConversationIssue["theme"] }) {
  const { code } = useWorkspace();
  if (!theme) return <p className={styles.quiet}>{m.inNoTheme}</p>;
  return (
    <p>
      <span className={styles.quiet}>{m.inTheme}: </span>
      <Link to="/w/$workspace/themes/$id" params={{ workspace: code, id: `${theme.id}` }}>
        {theme.name}
      </Link>
    </p>
  );
}
