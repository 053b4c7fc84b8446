import { Link } from "@tanstack/react-router";
import type { ConversationDetail } from "@/api/generated";
import { useWorkspace } from "@/app/workspace-context";
import * as m from "@/messages/conversation";
import { count } from "@/messages/format";
import { plain } from "@/messages/words";
import { Breakable } from "@/ui/breakable";
import { Facts } from "@/ui/facts";
import { SideSection } from "@/ui/side-section";
import styles from "./side-panel.module.css";

const number = (value: number | null | undefined) => (value == null ? null : count(value));

export function CustomerSection({ detail: { contact, company } }: { detail: ConversationDetail }) {
  const { path } = useWorkspace();
  return (
    <SideSection title={m.customer}>
      {!contact && !company && <p className={styles.quiet}>{m.noCustomer}</p>}
      <Facts
        facts={[
          { label: m.name, value: contact?.name },
          { label: m.email, value: contact?.email && <Breakable text={contact.email} /> },
          { label: m.role, value: contact?.role && plain(contact.role) },
          { label: m.company, value: company?.name },
          { label: m.plan, value: company?.plan },
          { label: m.spend, value: number(company?.monthly_spend) },
          { label: m.users, value: number(company?.user_count) },
          { label: m.industry, value: company?.industry },
        ]}
      />
      {contact && (
        <p>
          <Link to="/w/$workspace/conversations" params={path} search={{ contact: contact.id }}>
            {m.allOfCustomer}
          </Link>
        </p>
      )}
    </SideSection>
  );
}
