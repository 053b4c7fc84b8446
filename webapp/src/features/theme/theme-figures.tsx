import { Link } from "@tanstack/react-router";
import type { ThemeDetail } from "@/api/generated";
import { useWorkspace } from "@/app/workspace-context";
import { usualWeek } from "@/messages/change";
import { count, precise } from "@/messages/format";
import * as m from "@/messages/theme";
import { ChangeFigure } from "@/ui/change-figure";
import { Stat, Stats } from "@/ui/stats";

/** The theme in numbers; those that count conversations lead to them. */
export function ThemeFigures({ detail: { driver } }: { detail: ThemeDetail }) {
  const { path } = useWorkspace();
  const { theme, volume, usual, change } = driver;
  const rows = { to: "/w/$workspace/conversations", params: path } as const;
  return (
    <Stats>
      <Stat label={m.thisWeek}>
        {count(volume.recent)}
        {volume.recent > 0 && ` ${m.thisWeekCustomers(volume.recent_customers)}`}
      </Stat>
      <Stat label={m.usual} title={m.usualMeaning}>
        {usualWeek(usual)}
      </Stat>
      <Stat label={m.change} title={m.changeMeaning}>
        <ChangeFigure change={change} />
      </Stat>
      <Stat label={m.total}>
        <Link {...rows} search={{ theme: theme.id }}>
          {count(volume.conversations)}
        </Link>
      </Stat>
      <Stat label={m.customers}>{count(volume.customers)}</Stat>
      <Stat label={m.negative} title={m.negativeMeaning}>
        <Link {...rows} search={{ theme: theme.id, sentiment: "negative" }}>
          {count(volume.negative)}
        </Link>
      </Stat>
      <Stat label={m.churn} title={m.churnMeaning}>
        <Link {...rows} search={{ theme: theme.id, churn_risk: true }}>
          {count(volume.churn)}
        </Link>
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
