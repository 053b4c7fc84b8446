import { natural, oneOf, type RawSearch } from "@/app/search";

/** Which versions are counted, and how. */
export interface TaxonomySearch {
  version?: number;
  beside?: number;
  chart?: "table";
}

export const readTaxonomySearch = (raw: RawSearch): TaxonomySearch => ({
  version: natural(raw.version) || undefined,
  beside: natural(raw.beside) || undefined,
  chart: oneOf(raw.chart, ["table"]),
});
