import type { ReactNode } from "react";
import styles from "./facts.module.css";

interface FactsProps {
  /** Facts that are not known are left out. */
  facts: readonly { label: string; value: ReactNode; title?: string }[];
}

/** Names and values below each other. */
export function Facts({ facts }: FactsProps) {
  const known = facts.filter(({ value }) => value !== null && value !== undefined && value !== "");
  return (
    <dl className={styles.facts}>
      {known.map(({ label, value, title }) => (
        <div key={label} className={styles.fact} title={title}>
          <dt>{label}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
