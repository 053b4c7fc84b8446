import { oneOf, type RawSearch, text } from "@/app/search";

export const sortKeys = ["size", "change", "customers", "name"] as const;
export const verdictKeys = ["rising", "new", "falling", "unclear"] as const;

export type SortKey = (typeof sortKeys)[number];

/** The table's filters and order, as the address has them. */
export interface ThemesSearch {
  q?: string;
  category?: string;
  area?: string;
  verdict?: (typeof verdictKeys)[number];
  sort?: SortKey;
  dir?: "asc" | "desc";
}

export const readThemesSearch = (raw: RawSearch): ThemesSearch => ({
  q: text(raw.q),
  category: text(raw.category),
  area: text(raw.area),
  verdict: oneOf(raw.verdict, verdictKeys),
  sort: oneOf(raw.sort, sortKeys),
  dir: oneOf(raw.dir, ["asc", "desc"]),
});
