import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { Driver, ThemeRow } from "@/api/generated";
import { useWorkspace } from "@/app/workspace-context";
import { usualWeek } from "@/messages/change";
import { count, precise } from "@/messages/format";
import * as m from "@/messages/themes";
import { ChangeFigure } from "@/ui/change-figure";
import { Measured } from "@/ui/measured";
import { Sparkline } from "@/ui/sparkline";
import { Verdict } from "@/ui/verdict";
import styles from "./theme-table.module.css";

interface ThemeLineProps {
  row: ThemeRow;
  /** In the arranged list, from 0. */
  position: number;
}

/** A theme as a row of the wide table. */
export function ThemeLine({ row: { driver, trend }, position }: ThemeLineProps) {
  const { themeCategory, areaName } = useWorkspace();
  const { theme, volume } = driver;
  return (
    <tr className={styles.row} data-row={position} aria-rowindex={position + 2}>
      <ThemeName driver={driver} />
      <td className={styles.label}>
        {themeCategory(theme.category_id)}
        {theme.product_area_id && (
          <span className={styles.area}>{areaName(theme.product_area_id)}</span>
        )}
      </td>
      <Size driver={driver} />
      <td className={styles.number}>{count(volume.customers)}</td>
      <td className={styles.change}>
        <Weeks driver={driver} />
        <ChangeFigure change={driver.change} />
      </td>
      <td>
        <Sparkline values={trend} />
      </td>
      <td className={styles.number}>{precise(theme.cohesion)}</td>
    </tr>
  );
}

/** A theme where there is room for two columns. */
export function NarrowThemeLine({ row: { driver }, position }: ThemeLineProps) {
  return (
    <tr className={styles.narrowRow} data-row={position} aria-rowindex={position + 2}>
      <ThemeName driver={driver}>
        <Weeks driver={driver} />
        <ChangeFigure change={driver.change} />
      </ThemeName>
      <Size driver={driver} />
    </tr>
  );
}

function ThemeName({ driver: { theme }, children }: { driver: Driver; children?: ReactNode }) {
  const { code } = useWorkspace();
  return (
    <th scope="row" className={styles.name}>
      <Link
        to="/w/$workspace/themes/$id"
        params={{ workspace: code, id: `${theme.id}` }}
        className={styles.nameLink}
        title={theme.name}
      >
        {theme.name}
      </Link>
      {children}
    </th>
  );
}

function Size({ driver: { theme, volume, estimate } }: { driver: Driver }) {
  const { path } = useWorkspace();
  return (
    <td className={styles.number}>
      <Link to="/w/$workspace/conversations" params={path} search={{ theme: theme.id }}>
        {count(volume.conversations)}
      </Link>
      <Measured estimate={estimate} as="brief" explain={{ kind: "theme", id: `${theme.id}` }} />
    </td>
  );
}

function Weeks({ driver: { volume, usual, verdict } }: { driver: Driver }) {
  return (
    <span className={styles.weeks}>
      <Verdict verdict={verdict} />
      <span>{m.thisWeekAndUsual(count(volume.recent), usualWeek(usual))}</span>
    </span>
  );
}
