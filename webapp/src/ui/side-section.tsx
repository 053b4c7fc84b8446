import { type ReactNode, useId } from "react";
import styles from "./side-section.module.css";

interface SideSectionProps {
  title: string;
  note?: string;
  children: ReactNode;
}

/** A part of the side column. */
export function SideSection({ title, note, children }: SideSectionProps) {
  const id = useId();
  return (
    <section aria-labelledby={id}>
      <h2 id={id} className={styles.title}>
        {title}
      </h2>
      {note && <p className={styles.note}>{note}</p>}
      {children}
    </section>
  );
}
