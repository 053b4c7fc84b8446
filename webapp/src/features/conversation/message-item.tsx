import type { ConversationIssue, Message, StoredEvidence } from "@/api/generated";
import * as m from "@/messages/conversation";
import { bytes } from "@/messages/format";
import { partType } from "@/messages/words";
import { Badge } from "@/ui/badge";
import { cx } from "@/ui/cx";
import { Icon } from "@/ui/icons";
import { Time } from "@/ui/time";
import styles from "./message-item.module.css";
import { MessageText } from "./message-text";
import { messageAnchor } from "./places";
import type { Range } from "./segments";

interface MessageItemProps {
  message: Message;
  /** Of the whole conversation. */
  evidence?: readonly StoredEvidence[];
  issues?: readonly ConversationIssue[];
  customerName?: string | null | undefined;
  target?: Range | null;
}

/** One message; who speaks is told by name, icon and frame, not by colour alone. */
export function MessageItem({
  message,
  evidence = [],
  issues = [],
  customerName,
  target = null,
}: MessageItemProps) {
  const { author_role, is_note } = message;
  return (
    <li>
      <article
        id={messageAnchor(message.id)}
        tabIndex={-1}
        className={cx(styles.message, is_note ? styles.note : styles[author_role])}
      >
        <Head message={message} customerName={customerName} />
        <MessageText
          body={message.body}
          evidence={evidence.filter(({ message_id }) => message_id === message.id)}
          issues={issues}
          target={target}
        />
        {!message.body && <p className={styles.empty}>{m.emptyMessage}</p>}
        <Attachments message={message} />
      </article>
    </li>
  );
}

interface HeadProps {
  message: Message;
  customerName: string | null | undefined;
}

/** Intercom's word for what is neither an opening, nor a reply, nor a note. */
const usualParts = new Set(["source", "comment", "note"]);

function Head({ message, customerName }: HeadProps) {
  const { author_role, author_name, is_note, from_ai_agent, part_type, redacted } = message;
  const role = from_ai_agent ? m.aiAgent : m.roles[author_role];
  const name = author_name ?? (author_role === "customer" ? customerName : null);
  return (
    <header className={styles.head}>
      <Icon name={is_note ? "note" : author_role} size={14} />
      {name && <span className={styles.author}>{name}</span>}
      <span className={styles.role}>{role}</span>
      {is_note && (
        <Badge tone="caution" title={m.noteMeaning}>
          {m.note}
        </Badge>
      )}
      {redacted && <Badge>{m.redactedMessage}</Badge>}
      {!usualParts.has(part_type) && <span className={styles.role}>{partType(part_type)}</span>}
      <span className={styles.time}>
        <Time at={message.created_at} />
      </span>
    </header>
  );
}

function Attachments({ message: { attachments = [] } }: { message: Message }) {
  if (attachments.length === 0) return null;
  return (
    <ul className={styles.files} aria-label={m.attachments}>
      {attachments.map((file, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: files of one message may share a name
        <li key={at}>
          <Icon name="clip" size={14} />
          <span dir="auto">{file.name || m.unnamedFile}</span>
          {file.size_bytes != null && <span>{bytes(file.size_bytes)}</span>}
        </li>
      ))}
    </ul>
  );
}
