import type { ConversationDetail } from "@/api/generated";
import * as m from "@/messages/conversation";
import { CustomerSection } from "./customer-section";
import { FacetsSection } from "./facets-section";
import { IssuesSection } from "./issues-section";
import { LabelsSection } from "./labels-section";
import { OriginSection } from "./origin-section";
import styles from "./side-panel.module.css";

/** What was understood of the conversation, on which proof, and by whom. */
export function SidePanel({ detail }: { detail: ConversationDetail }) {
  return (
    <section className={styles.panel} aria-label={m.details}>
      <LabelsSection detail={detail} />
      <IssuesSection detail={detail} />
      <FacetsSection detail={detail} />
      <CustomerSection detail={detail} />
      <OriginSection detail={detail} />
    </section>
  );
}
