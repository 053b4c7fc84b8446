import { useQuery } from "@tanstack/react-query";
import { Navigate } from "@tanstack/react-router";
import { listWorkspacesOptions } from "@/api/generated/@tanstack/react-query.gen";
import * as m from "@/messages/shell";
import { Command } from "@/ui/command";
import { Page } from "@/ui/page";
import { Prose } from "@/ui/prose";
import { QueryView, SkeletonLines } from "@/ui/states";
import styles from "./home.module.css";

/** `earmark demo` serves these pages a moment before its workspace is there. */
const POLL_MILLISECONDS = 2000;

/** The newest workspace, or how to get one. */
export function HomeScreen() {
  const query = useQuery({
    ...listWorkspacesOptions(),
    refetchInterval: ({ state }) => (state.data?.length === 0 ? POLL_MILLISECONDS : false),
  });
  return (
    <main className={styles.home} tabIndex={-1}>
      <QueryView query={query} skeleton={<SkeletonLines />}>
        {([newest]) =>
          newest ? (
            <Navigate to="/w/$workspace" params={{ workspace: newest.code }} replace />
          ) : (
            <Welcome />
          )
        }
      </QueryView>
    </main>
  );
}

function Welcome() {
  return (
    <Page title={m.noWorkspaceTitle} tab={m.product} lead={m.noWorkspaceLead}>
      <ol className={styles.ways}>
        <li>
          <p>{m.startDemo}</p>
          <Command text={m.demoCommand} />
        </li>
        <li>
          <p>
            <Prose text={m.startReal} />
          </p>
          <Command text={m.runCommand} />
        </li>
      </ol>
      <p className={styles.note}>{m.comesByItself}</p>
    </Page>
  );
}
