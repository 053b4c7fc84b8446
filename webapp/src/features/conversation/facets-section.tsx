import type { ConversationDetail } from "@/api/generated";
import { useWorkspace } from "@/app/workspace-context";
import * as m from "@/messages/conversation";
import { languageName } from "@/messages/format";
import { resolutions, sentiments, urgencies } from "@/messages/words";
import { Badge } from "@/ui/badge";
import { Facts } from "@/ui/facts";
import { SideSection } from "@/ui/side-section";
import { facetsAnchor, goTo, messageAnchor } from "./places";
import styles from "./side-panel.module.css";

export function FacetsSection({ detail: { facets } }: { detail: ConversationDetail }) {
  const { areaName } = useWorkspace();
  if (!facets) return null;
  const answer = facets.resolution_message_id;
  return (
    <div id={facetsAnchor} tabIndex={-1}>
      <SideSection title={m.facets}>
        {facets.summary && <ModelsWords label={m.summary} text={facets.summary} />}
        <Facts
          facts={[
            { label: m.sentiment, value: sentiments[facets.sentiment] },
            { label: m.urgency, value: urgencies[facets.urgency] },
            { label: m.leaving, value: facets.churn_risk ? m.leavingYes : m.leavingNo },
            { label: m.language, value: facets.language ? languageName(facets.language) : m.none },
            { label: m.area, value: areaName(facets.product_area_id) },
            { label: m.resolution, value: answer ? <AnswerLink id={answer} /> : m.none },
            ...(facets.resolution
              ? [{ label: m.ending, value: resolutions[facets.resolution] }]
              : []),
            ...(typeof facets.self_service_gap === "boolean"
              ? [{ label: m.helpGap, value: facets.self_service_gap ? m.helpGapYes : m.helpGapNo }]
              : []),
          ]}
        />
        {facets.change_reason && <ModelsWords label={m.changeReason} text={facets.change_reason} />}
        {facets.instructs_reader && <p className={styles.warning}>{m.instructs}</p>}
      </SideSection>
    </div>
  );
}

/** Text that a language model wrote: as text, and said to be its own. */
function ModelsWords({ label, text }: { label: string; text: string }) {
  return (
    <div className={styles.models}>
      <p className={styles.quiet}>
        {label} <Badge>{m.modelsWords}</Badge>
      </p>
      <p className={styles.wrapped} dir="auto">
        {text}
      </p>
    </div>
  );
}

function AnswerLink({ id }: { id: string }) {
  return (
    <button type="button" className={styles.jump} onClick={() => goTo(messageAnchor(id))}>
      {m.resolutionLink}
    </button>
  );
}
