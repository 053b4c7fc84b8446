import { Link } from "@tanstack/react-router";
import { useState } from "react";
import type { Driver, Quote } from "@/api/generated";
import { useWorkspace } from "@/app/workspace-context";
import * as changes from "@/messages/change";
import { count } from "@/messages/format";
import { fewerQuotes, moreQuotes } from "@/messages/quotes";
import { ChangeFigure } from "@/ui/change-figure";
import { Icon } from "@/ui/icons";
import { Measured } from "@/ui/measured";
import { QuoteList } from "@/ui/quote";
import { Stat, Stats } from "@/ui/stats";
import { Verdict } from "@/ui/verdict";
import { fourWeeksBefore } from "@/ui/windows";
import styles from "./driver-item.module.css";

interface DriverItemProps {
  driver: Driver;
  rank: number;
  since: string;
  until: string;
}

/** One reason why customers write: how it has changed, and who says so in which words. */
export function DriverItem({ driver, rank, since, until }: DriverItemProps) {
  const { code, path, themeCategory } = useWorkspace();
  const { theme, volume, usual, change, verdict, quotes } = driver;
  const thisWeek = { theme: theme.id, since, until };
  return (
    <li className={styles.item}>
      <span className={styles.rank} aria-hidden="true">
        {rank}
      </span>
      <div className={styles.head}>
        <h3 className={styles.name}>
          <Link to="/w/$workspace/themes/$id" params={{ workspace: code, id: `${theme.id}` }}>
            {theme.name}
          </Link>
        </h3>
        <Verdict verdict={verdict} />
        <span className={styles.category}>{themeCategory(theme.category_id)}</span>
      </div>
      <div className={styles.body}>
        <Stats>
          <Stat label={changes.thisWeek}>
            <Link to="/w/$workspace/conversations" params={path} search={thisWeek}>
              {count(volume.recent)}
            </Link>
            <Measured
              estimate={driver.recent_estimate}
              as="brief"
              explain={{ kind: "theme", id: `${theme.id}`, since, until }}
            />
          </Stat>
          <Stat label={changes.usual}>
            <Link
              to="/w/$workspace/conversations"
              params={path}
              search={{ theme: theme.id, ...fourWeeksBefore(since) }}
            >
              {changes.usualWeek(usual)}
            </Link>
          </Stat>
          <Stat label={changes.customers}>
            <Link to="/w/$workspace/conversations" params={path} search={thisWeek}>
              {count(volume.recent_customers)}
            </Link>
          </Stat>
          <Stat label={changes.change}>
            <ChangeFigure change={change} />
          </Stat>
        </Stats>
        <DriverQuotes quotes={quotes} />
      </div>
    </li>
  );
}

const SHOWN_AT_FIRST = 2;

function DriverQuotes({ quotes }: { quotes: readonly Quote[] }) {
  const [all, setAll] = useState(false);
  const hidden = quotes.length - SHOWN_AT_FIRST;
  if (quotes.length === 0) return null;
  return (
    <div className={styles.quotes}>
      <QuoteList quotes={all ? quotes : quotes.slice(0, SHOWN_AT_FIRST)} />
      {hidden > 0 && (
        <button
          type="button"
          className={styles.toggle}
          aria-expanded={all}
          onClick={() => setAll(!all)}
        >
          <Icon name={all ? "up" : "down"} size={14} />
          {all ? fewerQuotes : moreQuotes(hidden)}
        </button>
      )}
    </div>
  );
}
