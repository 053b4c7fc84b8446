import { type ReactNode, useEffect } from "react";
import * as m from "@/messages/shell";
import styles from "./page.module.css";

interface PageProps {
  title: string;
  /** What stands in the browser's tab, where it is not the title. */
  tab?: string;
  /** Above the title: the way back. */
  above?: ReactNode;
  /** Beside the title. */
  actions?: ReactNode;
  /** Below the title. */
  lead?: ReactNode;
  /** The title is a customer's words: of any language, of any length. */
  foreign?: boolean;
  children: ReactNode;
}

/** One screen: its heading and its content. */
export function Page({ title, tab, above, actions, lead, foreign, children }: PageProps) {
  useEffect(() => {
    document.title = m.tabTitle(tab ?? title);
  }, [tab, title]);
  return (
    <>
      <header className={styles.header}>
        {above && <div className={styles.above}>{above}</div>}
        <div className={styles.row}>
          <h1 dir={foreign ? "auto" : undefined} className={styles.title}>
            {title}
          </h1>
          {actions && <div className={styles.actions}>{actions}</div>}
        </div>
        {lead && <div className={styles.lead}>{lead}</div>}
      </header>
      {children}
    </>
  );
}
