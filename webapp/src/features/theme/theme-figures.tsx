import { Link } from "@tanstack/react-router";
import type { ThemeDetail } from "@/api/generated";
import { useWorkspace } from "@/app/workspace-context";
import type { ConversationsSearch } from "@/features/conversations/search";
import { usualWeek } from "@/messages/change";
import { count, precise } from "@/messages/format";
import * as m from "@/messages/theme";
import { ChangeFigure } from "@/ui/change-figure";
import { Measured } from "@/ui/measured";
import { Stat, Stats } from "@/ui/stats";
import { windowOf } from "@/ui/windows";

/** The theme in numbers; those that count conversations lead to them. */
export function ThemeFigures({ detail: { driver } }: { detail: ThemeDetail }) {
  const { theme, volume, usual, change, estimate, recent_estimate } = driver;
  return (
    <Stats>
      <Stat label={m.thisWeek}>
        {count(volume.recent)}
        {volume.recent > 0 && ` ${m.thisWeekCustomers(volume.recent_customers)}`}
        <Measured
          estimate={recent_estimate}
          explain={{ kind: "theme", id: `${theme.id}`, ...windowOf(recent_estimate) }}
        />
      </Stat>
      <Stat label={m.usual} title={m.usualMeaning}>
        {usualWeek(usual)}
      </Stat>
      <Stat label={m.change} title={m.changeMeaning}>
        <ChangeFigure change={change} />
      </Stat>
      <Stat label={m.total}>
        <LinkUnlessNone value={volume.conversations} search={{ theme: theme.id }} />
        <Measured estimate={estimate} explain={{ kind: "theme", id: `${theme.id}` }} />
      </Stat>
      <Stat label={m.customers}>{count(volume.customers)}</Stat>
      <Stat label={m.negative} title={m.negativeMeaning}>
        <LinkUnlessNone
          value={volume.negative}
          search={{ theme: theme.id, sentiment: "negative" }}
        />
      </Stat>
      <Stat label={m.churn} title={m.churnMeaning}>
        <LinkUnlessNone value={volume.churn} search={{ theme: theme.id, churn_risk: true }} />
      </Stat>
      <Stat label={m.revenue} title={m.revenueMeaning}>
        {count(volume.revenue)}
      </Stat>
      <Stat label={m.cohesion} title={m.cohesionMeaning}>
        {precise(theme.cohesion)}
      </Stat>
    </Stats>
  );
}

interface LinkUnlessNoneProps {
  value: number;
  search: ConversationsSearch;
}

/** A count that leads to its conversations, where there are any. */
function LinkUnlessNone({ value, search }: LinkUnlessNoneProps) {
  const { path } = useWorkspace();
  if (value === 0) return count(value);
  return (
    <Link to="/w/$workspace/conversations" params={path} search={search}>
      {count(value)}
    </Link>
  );
}
