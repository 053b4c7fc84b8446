import type { ReactNode } from "react";
import { amount, count, percent } from "./format";

export const title = "Themes";
export const lead = (themes: number): string => `${amount(themes, "theme", "themes")}.`;
export const remainder = (link: ReactNode, share: number): ReactNode => (
  <>
    {link} ({percent(share)}) are in none.
  </>
);
export const filterLabel = "Filter by name or keyword";
export const filterHint = "Filter themes";
export const category = "Category";
export const anyCategory = "All categories";
export const area = "Area";
export const anyArea = "All areas";
export const verdict = "Change";
export const anyVerdict = "Any change";
export const columns = {
  name: "Theme",
  category: "Category, area",
  size: "Conversations",
  sizeShort: "Number",
  customers: "Customers",
  change: "This week",
  trend: "26 weeks",
  cohesion: "Cohesion",
};
export const changeSortHint =
  "Sorted by the lower bound of the change, so that sure rises come first";
export const cohesionHint = "How alike the theme's issues are: mean cosine similarity, 0 to 1";
export const thisWeekAndUsual = (recent: string, usual: string): string =>
  `${recent}, usually ${usual}`;
export const shown = (shownCount: number, all: number): string =>
  `${count(shownCount)} of ${amount(all, "theme", "themes")}`;
export const noMatch = "No theme matches";
export const noMatchText = "Nothing fits all of these filters.";
export const clearFilters = "Clear the filters";
export const empty = "No themes yet";
export const emptyText = (read: number): string =>
  read === 0
    ? "No conversation has been read yet. Themes are made by a run."
    : `${amount(read, "conversation has", "conversations have")} been read; themes appear when enough of them are alike.`;
export const toRuns = "Go to runs";
export const sortBy = "Sort by";
export const sortNames = {
  size: "Largest first",
  change: "Surest rise first",
  customers: "Most customers first",
  name: "By name",
};
