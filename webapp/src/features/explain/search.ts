import { natural, oneOf, type RawSearch, text } from "@/app/search";

/** Which figure is explained, and as of when. */
export interface ExplainSearch {
  kind?: "category" | "theme" | "remainder";
  id?: string;
  since?: string;
  until?: string;
  as_of?: string;
  /** What the figure was when the link was kept. */
  expect?: number;
}

export const readExplainSearch = (raw: RawSearch): ExplainSearch => ({
  kind: oneOf(raw.kind, ["category", "theme", "remainder"]),
  id: text(raw.id),
  since: text(raw.since),
  until: text(raw.until),
  as_of: text(raw.as_of),
  expect: natural(raw.expect),
});
