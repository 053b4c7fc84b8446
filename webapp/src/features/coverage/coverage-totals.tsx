import type { Coverage } from "@/api/generated";
import * as m from "@/messages/coverage";
import { count } from "@/messages/format";
import { Stat, Stats } from "@/ui/stats";

const always = ["expected", "listed", "stored"] as const;
const problems = ["incomplete", "unlisted", "pending", "failed", "skipped", "unreadable"] as const;

export function CoverageTotals({ total }: { total: Coverage }) {
  const found = problems.filter((name) => total[name] > 0);
  return (
    <div>
      <Stats>
        {[...always, ...found].map((name) => (
          <Stat key={name} label={m.totals[name]} title={m.meanings[name]}>
            {count(total[name])}
          </Stat>
        ))}
      </Stats>
      {found.length === 0 && total.stored >= total.expected && <p>{m.whole}</p>}
    </div>
  );
}
