import { useQuery } from "@tanstack/react-query";
import { Navigate } from "@tanstack/react-router";
import { listWorkspacesOptions } from "@/api/generated/@tanstack/react-query.gen";
import * as m from "@/messages/shell";
import { Button } from "@/ui/button";
import { Command } from "@/ui/command";
import { Page } from "@/ui/page";
import { QueryView, SkeletonLines } from "@/ui/states";
import styles from "./home.module.css";

/** The newest workspace, or how to get one. */
export function HomeScreen() {
  const query = useQuery(listWorkspacesOptions());
  return (
    <main className={styles.home} tabIndex={-1}>
      <QueryView query={query} skeleton={<SkeletonLines />}>
        {([newest]) =>
          newest ? (
            <Navigate to="/w/$workspace" params={{ workspace: newest.code }} replace />
          ) : (
            <Welcome lookAgain={() => void query.refetch()} />
          )
        }
      </QueryView>
    </main>
  );
}

function Welcome({ lookAgain }: { lookAgain: () => void }) {
  return (
    <Page title={m.noWorkspaceTitle} tab={m.product} lead={m.noWorkspaceLead}>
      <ol className={styles.ways}>
        <li>
          <p>{m.startDemo}</p>
          <Command text={m.demoCommand} />
        </li>
        <li>
          <p>{m.startReal}</p>
          <Command text={m.runCommand} />
        </li>
      </ol>
      <Button onClick={lookAgain}>{m.lookAgain}</Button>
    </Page>
  );
}
