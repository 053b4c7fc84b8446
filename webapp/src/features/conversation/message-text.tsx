import type { ConversationIssue, StoredEvidence } from "@/api/generated";
import { EvidenceMark } from "./evidence-mark";
import marks from "./marks.module.css";
import styles from "./message-text.module.css";
import { groupByTarget, type Range, type Segment, segment } from "./segments";

interface MessageTextProps {
  body: string;
  evidence: readonly StoredEvidence[];
  issues: readonly ConversationIssue[];
  /** The quote that the address names, if it is in this message. */
  target: Range | null;
}

/** What was said, as text and never as markup, with the proof marked in it. */
export function MessageText({ body, evidence, issues, target }: MessageTextProps) {
  const groups = groupByTarget(segment(body, evidence, target));
  return (
    <p className={styles.text} dir="auto">
      {groups.map(({ inTarget, segments }) => {
        const pieces = segments.map((piece) => (
          <Piece key={piece.start} piece={piece} issues={issues} />
        ));
        return inTarget ? (
          <mark key="target" className={marks.target} data-target>
            {pieces}
          </mark>
        ) : (
          pieces
        );
      })}
    </p>
  );
}

interface PieceProps {
  piece: Segment<StoredEvidence>;
  issues: readonly ConversationIssue[];
}

function Piece({ piece: { start, text, spans }, issues }: PieceProps) {
  const [evidence] = spans;
  if (!evidence) return text;
  return (
    <EvidenceMark
      evidence={evidence}
      issue={issues.find(({ issue }) => issue.id === evidence.issue_id)?.issue}
      first={start === evidence.start}
    >
      {text}
    </EvidenceMark>
  );
}
