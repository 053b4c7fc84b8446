import { useQuery } from "@tanstack/react-query";
import { Link, Outlet, useNavigate, useParams } from "@tanstack/react-router";
import { useMemo, useState } from "react";
import type { Workspace } from "@/api/generated";
import { getWorkspaceOptions } from "@/api/generated/@tanstack/react-query.gen";
import { ShownProblem } from "@/api/problem";
import * as problems from "@/messages/problems";
import * as m from "@/messages/shell";
import { IconButton } from "@/ui/button";
import { Dialog } from "@/ui/dialog";
import { Page } from "@/ui/page";
import { ProblemPanel, QueryView, SkeletonLines } from "@/ui/states";
import { Brand } from "./brand";
import { CheatSheet } from "./cheat-sheet";
import { Navigation, screens } from "./navigation";
import { SchemeSwitch } from "./scheme-switch";
import styles from "./shell.module.css";
import { useShortcuts } from "./shortcuts";
import { describeWorkspace, WorkspaceContext } from "./workspace-context";
import { WorkspaceSwitcher } from "./workspace-switcher";

/** Navigation beside the screen, and the workspace that every screen of it reads. */
export function WorkspaceShell() {
  const { workspace } = useParams({ from: "/w/$workspace" });
  const query = useQuery({
    ...getWorkspaceOptions({ path: { workspace } }),
    staleTime: 5 * 60_000,
  });
  const current = useMemo(() => query.data && describeWorkspace(query.data), [query.data]);
  useGoToScreens(workspace);
  return (
    <div className={styles.shell}>
      <a href="#content" className={styles.skip}>
        {m.skip}
      </a>
      <TopBar workspace={workspace} />
      <aside className={styles.side}>
        <Brand />
        <WorkspaceSwitcher code={workspace} />
        <Navigation workspace={workspace} />
        <div className={styles.foot}>
          <CheatSheet />
          <SchemeSwitch />
        </div>
      </aside>
      <div className={styles.page}>
        {current && <DataNotice kind={current.detail.workspace.kind} />}
        <main id="content" tabIndex={-1} className={styles.main}>
          {query.error instanceof ShownProblem && query.error.status === 404 ? (
            <UnknownWorkspace error={query.error} />
          ) : (
            <QueryView query={query} skeleton={<SkeletonLines count={5} />}>
              {() => (
                <WorkspaceContext value={current ?? null}>
                  <Outlet />
                </WorkspaceContext>
              )}
            </QueryView>
          )}
        </main>
      </div>
    </div>
  );
}

/** The address may be of another Earmark, or of a workspace that is gone. */
function UnknownWorkspace({ error }: { error: unknown }) {
  return (
    <Page title={m.unknownWorkspace}>
      <ProblemPanel error={error} />
      <p>
        <Link to="/">{problems.home}</Link>
      </p>
    </Page>
  );
}

/** On narrow screens, in place of the side. */
function TopBar({ workspace }: { workspace: string }) {
  const [open, setOpen] = useState(false);
  return (
    <header className={styles.top}>
      <IconButton icon="menu" label={m.openMenu} onClick={() => setOpen(true)} />
      <Brand />
      <Dialog open={open} onClose={() => setOpen(false)} title={m.product} look="drawer">
        <WorkspaceSwitcher code={workspace} />
        <Navigation workspace={workspace} onChoose={() => setOpen(false)} />
        <div className={styles.foot}>
          <SchemeSwitch />
        </div>
      </Dialog>
    </header>
  );
}

/** What is not a company's own data says so, on every screen, for as long as it is shown. */
function DataNotice({ kind }: { kind: Workspace["kind"] }) {
  if (kind === "intercom") return null;
  const sample = kind === "sample";
  return (
    <aside className={styles.notice} aria-label={m.dataNotice}>
      <strong>{sample ? m.sampleTitle : m.fileTitle}</strong> {sample ? m.sampleText : m.fileText}
    </aside>
  );
}

function useGoToScreens(workspace: string): void {
  const navigate = useNavigate();
  useShortcuts(
    Object.fromEntries(
      screens.map(({ to, key }) => [
        `g ${key}`,
        () => void navigate({ to, params: { workspace } }),
      ]),
    ),
  );
}
