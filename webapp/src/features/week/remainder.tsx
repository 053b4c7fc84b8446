import { Link } from "@tanstack/react-router";
import type { Week } from "@/api/generated";
import { useWorkspace } from "@/app/workspace-context";
import * as m from "@/messages/week";
import { Measured } from "@/ui/measured";
import { SideSection } from "@/ui/side-section";

/** What no theme explains: shown with its size, and open to look at. */
export function Remainder({ week: { themed, themed_estimate } }: { week: Week }) {
  const { path } = useWorkspace();
  const { conversations, without_issue } = themed;
  const rest = conversations - themed.themed;
  if (conversations === 0) return null;
  return (
    <SideSection title={m.remainderTitle}>
      <p>
        {m.remainder(
          <Link to="/w/$workspace/conversations" params={path} search={{ unthemed: true }}>
            {m.ofConversations(rest, conversations)}
          </Link>,
          rest / conversations,
        )}{" "}
        {without_issue > 0 && m.withoutIssue(without_issue)}{" "}
        <Measured estimate={null} explain={{ kind: "remainder" }} />
      </p>
      <p>
        {m.themedTruly} <Measured estimate={themed_estimate} as="share" />
      </p>
    </SideSection>
  );
}
