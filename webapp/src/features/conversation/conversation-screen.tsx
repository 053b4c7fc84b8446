import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import type { ConversationDetail } from "@/api/generated";
import { getConversationOptions } from "@/api/generated/@tanstack/react-query.gen";
import { useWorkspace } from "@/app/workspace-context";
import * as m from "@/messages/conversation";
import { stateName } from "@/messages/words";
import { Badge } from "@/ui/badge";
import { Page } from "@/ui/page";
import { QueryView, SkeletonLines } from "@/ui/states";
import { Time } from "@/ui/time";
import styles from "./conversation-screen.module.css";
import { SidePanel } from "./side-panel";
import { Thread } from "./thread";

const route = getRouteApi("/w/$workspace/conversations/$id");

export function ConversationScreen() {
  const { code } = useWorkspace();
  const { id } = route.useParams();
  const query = useQuery(
    getConversationOptions({ path: { workspace: code, conversation_id: id } }),
  );
  const conversation = query.data?.conversation;
  return (
    <Page
      key={id}
      title={conversation?.title || conversation?.subject || m.untitled(id)}
      foreign
      above={
        <Link to="/w/$workspace/conversations" params={{ workspace: code }}>
          {m.back}
        </Link>
      }
      lead={query.data && <Lead detail={query.data} />}
    >
      <QueryView query={query} skeleton={<SkeletonLines count={6} height="4rem" />}>
        {(detail) => (
          <div className={styles.columns}>
            <Thread detail={detail} />
            <SidePanel detail={detail} />
          </div>
        )}
      </QueryView>
    </Page>
  );
}

function Lead({ detail: { conversation, contact, company } }: { detail: ConversationDetail }) {
  return (
    <div className={styles.lead}>
      <Badge>{stateName(conversation.state ?? "open")}</Badge>
      <span className={styles.name}>
        {[contact?.name, company?.name].filter(Boolean).join(" · ")}
      </span>
      <span>
        {m.started} <Time at={conversation.created_at} />
      </span>
    </div>
  );
}
