import type { ConversationDetail } from "@/api/generated";
import * as m from "@/messages/conversation";
import { count } from "@/messages/format";
import { plain } from "@/messages/words";
import { Breakable } from "@/ui/breakable";
import { Facts } from "@/ui/facts";
import { SideSection } from "@/ui/side-section";

/** What the source says of the conversation, and the versions that read it. */
export function OriginSection({ detail }: { detail: ConversationDetail }) {
  const { conversation, classifications, reading } = detail;
  const label = classifications.find(({ stage }) => stage === "final") ?? classifications[0];
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
          { label: m.model, value: label?.model_version },
          { label: m.taxonomy, value: label && count(label.taxonomy_version) },
          {
            label: m.inputKey,
            value: label && <code>{label.input_key.slice(0, 16)}</code>,
            title: m.inputKeyMeaning,
          },
          {
            label: m.quotes,
            value: reading && m.quotesDropped(reading.quotes_located, reading.quotes_dropped),
          },
        ]}
      />
    </SideSection>
  );
}
