import type { AccuracyReport } from "@/api/generated";
import * as m from "@/messages/accuracy";
import { count } from "@/messages/format";
import { Stat, Stats } from "@/ui/stats";
import styles from "./accuracy-screen.module.css";

export function AccuracyTotals({ report: { accuracy, needed } }: { report: AccuracyReport }) {
  const figures = {
    labels: count(accuracy.labels),
    right: m.share(accuracy.right),
    rightOfDecided: m.share(accuracy.right_of_decided),
    undecided: m.share(accuracy.undecided),
    macro: m.share(accuracy.macro_f1),
  };
  const names = ["labels", "right", "rightOfDecided", "undecided", "macro"] as const;
  return (
    <div>
      <Stats>
        {names.map((name) => (
          <Stat key={name} label={m.totals[name]} title={m.totalsMeaning[name]}>
            {figures[name]}
          </Stat>
        ))}
      </Stats>
      {accuracy.labels < needed && <p className={styles.note}>{m.more(needed, accuracy)}</p>}
    </div>
  );
}
