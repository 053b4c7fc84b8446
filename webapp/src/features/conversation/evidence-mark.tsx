import type { MouseEvent } from "react";
import type { StoredEvidence, StoredIssue } from "@/api/generated";
import * as m from "@/messages/conversation";
import { evidenceKinds } from "@/messages/words";
import marks from "./marks.module.css";
import { facetsAnchor, goTo, issueAnchor, markAnchor } from "./places";

interface EvidenceMarkProps {
  evidence: StoredEvidence;
  issue: StoredIssue | undefined;
  /** The mark's first piece carries its anchor. */
  first: boolean;
  children: string;
}

/** Words that are proof of something; they lead to what they prove. */
export function EvidenceMark({ evidence, issue, first, children }: EvidenceMarkProps) {
  const anchor = issue ? issueAnchor(issue.id) : facetsAnchor;
  const follow = (event: MouseEvent) => {
    event.preventDefault();
    goTo(anchor);
  };
  return (
    <mark className={marks[evidence.kind]}>
      <a
        id={first ? markAnchor(evidence.id) : undefined}
        href={`#${anchor}`}
        className={marks.link}
        title={issue ? m.toIssue(issue.statement) : m.toFacet(evidenceKinds[evidence.kind])}
        onClick={follow}
      >
        {children}
      </a>
    </mark>
  );
}
