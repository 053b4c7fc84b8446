import type { ConversationDetail } from "@/api/generated";
import * as m from "@/messages/conversation";
import { Icon } from "@/ui/icons";
import styles from "./thread.module.css";

interface NoticesProps {
  detail: ConversationDetail;
  quoteMissing: boolean;
}

/** What is missing of the conversation, said before its text. */
export function Notices({ detail: { conversation }, quoteMissing }: NoticesProps) {
  const received = conversation.parts_received ?? 0;
  const expected = conversation.parts_expected ?? received;
  const notices = [
    quoteMissing && m.quoteNotThere,
    conversation.truncated && m.truncated,
    received < expected && m.partsMissing(received, expected),
    conversation.redacted && m.redactedConversation,
  ].filter((notice): notice is string => typeof notice === "string");
  if (notices.length === 0) return null;
  return (
    <div className={styles.notices}>
      {notices.map((notice) => (
        <p key={notice} className={styles.notice}>
          <Icon name="warning" size={14} />
          {notice}
        </p>
      ))}
    </div>
  );
}
