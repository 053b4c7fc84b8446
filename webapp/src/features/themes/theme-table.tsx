import type { ThemeRow } from "@/api/generated";
import * as m from "@/messages/themes";
import { useNarrow } from "@/ui/use-media";
import { useWindowRows } from "@/ui/window-rows";
import { SortHeading } from "./sort-heading";
import { NarrowThemeLine, ThemeLine } from "./theme-line";
import styles from "./theme-table.module.css";

/** Row heights in pixels, as in the style sheet. */
const ROW = 56;
const NARROW_ROW = 112;
const HEADER = 44;

/** All themes; only the rows in sight are in the page. */
export function ThemeTable({ rows }: { rows: readonly ThemeRow[] }) {
  const narrow = useNarrow();
  const Line = narrow ? NarrowThemeLine : ThemeLine;
  const { ref, shown, before, after } = useWindowRows<HTMLTableSectionElement>({
    count: rows.length,
    rowHeight: narrow ? NARROW_ROW : ROW,
    headerHeight: HEADER,
  });
  return (
    <table className={styles.table} aria-rowcount={rows.length + 1}>
      <thead>{narrow ? <NarrowHeadings /> : <Headings />}</thead>
      <tbody ref={ref}>
        <Spacer height={before} />
        {shown.map((at) => {
          const row = rows[at];
          return row && <Line key={row.driver.theme.id} row={row} position={at} />;
        })}
        <Spacer height={after} />
      </tbody>
    </table>
  );
}

function Headings() {
  return (
    <tr aria-rowindex={1}>
      <SortHeading sort="name" label={m.columns.name} className={styles.nameColumn} />
      <th scope="col" className={styles.labelColumn}>
        {m.columns.category}
      </th>
      <SortHeading sort="size" label={m.columns.size} className={styles.numberColumn} />
      <SortHeading sort="customers" label={m.columns.customers} className={styles.numberColumn} />
      <SortHeading
        sort="change"
        label={m.columns.change}
        hint={m.changeSortHint}
        className={styles.changeColumn}
      />
      <th scope="col" className={styles.trendColumn}>
        {m.columns.trend}
      </th>
      <th scope="col" className={styles.numberColumn} title={m.cohesionHint}>
        {m.columns.cohesion}
      </th>
    </tr>
  );
}

function NarrowHeadings() {
  return (
    <tr aria-rowindex={1}>
      <SortHeading sort="name" label={m.columns.name} className={styles.nameColumn} />
      <SortHeading sort="size" label={m.columns.sizeShort} className={styles.numberColumn} />
    </tr>
  );
}

function Spacer({ height }: { height: number }) {
  return height > 0 ? (
    // biome-ignore lint/a11y/noAriaHiddenOnFocusable: an empty row that only holds room open
    <tr aria-hidden="true">
      <td style={{ height, padding: 0 }} />
    </tr>
  ) : null;
}
