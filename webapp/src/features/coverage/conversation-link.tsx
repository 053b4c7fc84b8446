import { Link } from "@tanstack/react-router";
import { useWorkspace } from "@/app/workspace-context";

/** A conversation by its id; only what is stored can be opened. */
export function ConversationLink({ id, stored }: { id: string; stored: boolean }) {
  const { code } = useWorkspace();
  if (!stored) return id;
  return (
    <Link to="/w/$workspace/conversations/$id" params={{ workspace: code, id }}>
      {id}
    </Link>
  );
}
