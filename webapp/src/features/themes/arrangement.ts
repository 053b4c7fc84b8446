import type { ThemeRow } from "@/api/generated";
import type { SortKey, ThemesSearch } from "./search";

type Direction = "asc" | "desc";

/** Names from A; everything else from the largest. */
const firstDirection = (sort: SortKey): Direction => (sort === "name" ? "asc" : "desc");

/** The order that is in force, with what the address leaves out. */
export function currentOrder(search: ThemesSearch): { sort: SortKey; dir: Direction } {
  const sort = search.sort ?? "size";
  return { sort, dir: search.dir ?? firstDirection(sort) };
}

/** The order after a click on a column's heading: the same column again turns it round. */
export function orderAfterClick(search: ThemesSearch, clicked: SortKey): Partial<ThemesSearch> {
  const { sort, dir } = currentOrder(search);
  const wanted = clicked === sort ? (dir === "asc" ? "desc" : "asc") : firstDirection(clicked);
  return {
    sort: clicked === "size" ? undefined : clicked,
    dir: wanted === firstDirection(clicked) ? undefined : wanted,
  };
}

/** What is sure of a change: its lower bound from above, its upper bound from below. */
function changeKey({ driver: { change } }: ThemeRow, dir: Direction): number {
  return dir === "desc" ? change.low : (change.high ?? Number.POSITIVE_INFINITY);
}

function compare(a: ThemeRow, b: ThemeRow, sort: SortKey, dir: Direction): number {
  const sign = dir === "asc" ? 1 : -1;
  switch (sort) {
    case "name":
      return sign * a.driver.theme.name.localeCompare(b.driver.theme.name);
    case "customers":
      return sign * (a.driver.volume.customers - b.driver.volume.customers);
    case "change":
      return sign * (changeKey(a, dir) - changeKey(b, dir));
    default:
      return sign * (a.driver.volume.conversations - b.driver.volume.conversations);
  }
}

function matches({ driver: { theme, verdict } }: ThemeRow, search: ThemesSearch): boolean {
  const words = (search.q ?? "").toLowerCase().split(/\s+/).filter(Boolean);
  const text = [theme.name, ...(theme.keywords ?? [])].join(" ").toLowerCase();
  return (
    words.every((word) => text.includes(word)) &&
    (!search.category || theme.category_id === search.category) &&
    (!search.area || theme.product_area_id === search.area) &&
    (!search.verdict || verdict === search.verdict)
  );
}

/** The rows that fit the filters, in order; equal ones by name. */
export function arrange(rows: readonly ThemeRow[], search: ThemesSearch): ThemeRow[] {
  const { sort, dir } = currentOrder(search);
  return rows
    .filter((row) => matches(row, search))
    .sort((a, b) => compare(a, b, sort, dir) || compare(a, b, "name", "asc"));
}
