import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { listWorkspacesOptions } from "@/api/generated/@tanstack/react-query.gen";
import * as m from "@/messages/shell";
import styles from "./workspace-switcher.module.css";

/** The workspace's name; where there are several, a choice. */
export function WorkspaceSwitcher({ code }: { code: string }) {
  const { data: workspaces = [] } = useQuery(listWorkspacesOptions());
  const navigate = useNavigate();
  if (workspaces.length < 2) {
    return <p className={styles.name}>{workspaces[0]?.name ?? " "}</p>;
  }
  return (
    <select
      className={styles.choice}
      aria-label={m.workspace}
      value={code}
      onChange={(event) =>
        void navigate({ to: "/w/$workspace", params: { workspace: event.target.value } })
      }
    >
      {workspaces.map((workspace) => (
        <option key={workspace.code} value={workspace.code}>
          {workspace.name}
        </option>
      ))}
    </select>
  );
}
