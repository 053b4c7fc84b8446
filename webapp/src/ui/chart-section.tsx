import { type ReactNode, useId } from "react";
import * as m from "@/messages/controls";
import { Button } from "./button";
import styles from "./chart-section.module.css";

interface ChartSectionProps {
  title: string;
  note?: string;
  asTable: boolean;
  onToggle: (asTable: boolean) => void;
  chart: ReactNode;
  table: ReactNode;
}

/** A chart with its twin: the same numbers as a table. */
export function ChartSection({ title, note, asTable, onToggle, chart, table }: ChartSectionProps) {
  const id = useId();
  return (
    <section aria-labelledby={id}>
      <div className={styles.head}>
        <h2 id={id}>{title}</h2>
        <Button look="quiet" onClick={() => onToggle(!asTable)}>
          {asTable ? m.asChart : m.asTable}
        </Button>
      </div>
      {asTable ? table : chart}
      {note && <p className={styles.note}>{note}</p>}
    </section>
  );
}
