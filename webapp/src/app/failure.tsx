import type { ErrorComponentProps } from "@tanstack/react-router";
import { Link } from "@tanstack/react-router";
import * as m from "@/messages/problems";
import { Button } from "@/ui/button";
import { Page } from "@/ui/page";
import styles from "./failure.module.css";

/** A defect while a screen was drawn. */
export function CrashScreen({ error }: ErrorComponentProps) {
  return (
    <div className={styles.failure}>
      <Page title={m.crashed}>
        <p>{m.crashedDetail}</p>
        <p>{m.crashedFix}</p>
        <pre className={styles.trace}>{String(error)}</pre>
        <Button look="primary" onClick={() => window.location.reload()}>
          {m.reload}
        </Button>
      </Page>
    </div>
  );
}

export function NotFoundScreen() {
  return (
    <div className={styles.failure}>
      <Page title={m.notFoundTitle}>
        <p>{m.notFoundDetail}</p>
        <p>
          <Link to="/">{m.home}</Link>
        </p>
      </Page>
    </div>
  );
}
