import { Link } from "@tanstack/react-router";
import type { ConversationDetail, ConversationIssue } from "@/api/generated";
import { useWorkspace } from "@/app/workspace-context";
import * as m from "@/messages/conversation";
import { directions } from "@/messages/words";
import { Badge } from "@/ui/badge";
import { SideSection } from "@/ui/side-section";
import { goTo, issueAnchor, markAnchor } from "./places";
import styles from "./side-panel.module.css";

export function IssuesSection({ detail }: { detail: ConversationDetail }) {
  const { issues, evidence } = detail;
  return (
    <SideSection title={m.issues}>
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
  const particulars = [
    { label: m.component, text: issue.component },
    { label: m.symptoms, text: issue.symptoms.join(", ") },
    { label: m.causeStated, text: issue.root_cause_stated },
    { label: m.causeGuessed, text: issue.root_cause_guessed },
  ];
  return particulars
    .filter(({ text }) => text)
    .map(({ label, text }) => (
      <p key={label} dir="auto">
        <span className={styles.quiet}>{label}: </span>
        {text}
      </p>
    ));
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
