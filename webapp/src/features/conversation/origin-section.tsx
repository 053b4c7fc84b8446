import type { ConversationDetail } from "@/api/generated";
import * as m from "@/messages/conversation";
import { count } from "@/messages/format";
import { plain } from "@/messages/words";
import { Breakable } from "@/ui/breakable";
import { Facts } from "@/ui/facts";
import { SideSection } from "@/ui/side-section";

/** What the source says of the conversation, and how its quotes fared. */
export function OriginSection({ detail }: { detail: ConversationDetail }) {
  const { conversation, reading } = detail;
  return (
    <SideSection title={m.origin}>
      <Facts
        facts={[
          { label: m.identifier, value: conversation.id },
          { label: m.channel, value: conversation.channel && plain(conversation.channel) },
          {
            label: m.page,
            value: conversation.source_url && <Breakable text={conversation.source_url} />,
          },
          { label: m.priority, value: conversation.priority && plain(conversation.priority) },
          { label: m.rating, value: conversation.rating && `${count(conversation.rating)} / 5` },
          { label: m.tags, value: conversation.tags?.join(", ") },
          {
            label: m.quotes,
            value: reading && m.quotesDropped(reading.quotes_located, reading.quotes_dropped),
          },
        ]}
      />
    </SideSection>
  );
}
