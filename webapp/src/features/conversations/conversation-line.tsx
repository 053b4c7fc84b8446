import { Link } from "@tanstack/react-router";
import type { ConversationRow } from "@/api/generated";
import { useWorkspace } from "@/app/workspace-context";
import * as m from "@/messages/conversations";
import { languageName } from "@/messages/format";
import { sentiments, stateName } from "@/messages/words";
import { Badge } from "@/ui/badge";
import { Time } from "@/ui/time";
import styles from "./conversation-list.module.css";

interface ConversationLineProps {
  row: ConversationRow;
  position: number;
  /** Of the whole list; -1 where it is not known yet. */
  size: number;
}

export function ConversationLine({ row, position, size }: ConversationLineProps) {
  const { code } = useWorkspace();
  return (
    <li className={styles.row} data-row={position} aria-posinset={position + 1} aria-setsize={size}>
      <div className={styles.main}>
        <Link
          to="/w/$workspace/conversations/$id"
          params={{ workspace: code, id: row.id }}
          className={styles.preview}
          dir="auto"
        >
          {row.preview || m.noText}
        </Link>
        <p className={styles.customer}>
          {[row.contact_name ?? m.unknownCustomer, row.company_name, row.plan]
            .filter(Boolean)
            .join(" · ")}
        </p>
      </div>
      <Label row={row} />
      <p className={styles.flags}>
        {row.sentiment === "negative" && <Badge tone="caution">{sentiments.negative}</Badge>}
        {row.churn_risk && <Badge tone="danger">{m.mayLeave}</Badge>}
        {row.truncated && <Badge>{m.truncated}</Badge>}
        {row.language && row.language !== "en" && <Badge>{languageName(row.language)}</Badge>}
      </p>
      <p className={styles.when}>
        <Time at={row.created_at} as="day" />
        <span>{stateName(row.state)}</span>
      </p>
    </li>
  );
}

function Label({ row: { category_id, confidence, themes } }: { row: ConversationRow }) {
  const { categoryName } = useWorkspace();
  const names = [...new Set(themes.map(({ name }) => name))];
  const sure = category_id !== "cannot_tell" && confidence !== null;
  return (
    <div className={styles.label}>
      <p>
        {categoryName(category_id)}
        {sure && (
          <span className={styles.quiet} title={m.confidenceMeaning}>
            {" "}
            {m.confidence(confidence)}
          </span>
        )}
      </p>
      <p className={styles.theme} title={names.join(", ") || undefined}>
        {names[0] ?? m.unthemed}
        {names.length > 1 && ` ${m.moreThemes(names.length - 1)}`}
      </p>
    </div>
  );
}
