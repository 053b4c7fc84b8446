import type { ReactNode } from "react";
import styles from "./stats.module.css";

/** A row of figures, each with its name. */
export function Stats({ children }: { children: ReactNode }) {
  return <dl className={styles.stats}>{children}</dl>;
}

interface StatProps {
  label: string;
  /** What the figure means, where its name is not enough. */
  title?: string;
  children: ReactNode;
}

export function Stat({ label, title, children }: StatProps) {
  return (
    <div className={styles.stat} title={title}>
      <dt className={styles.label}>{label}</dt>
      <dd className={styles.value}>{children}</dd>
    </div>
  );
}
