import { oneOf, type RawSearch, text } from "@/app/search";

/** What the page is about, and which charts are shown as their tables. */
export interface AccuracySearch {
  stage?: "open";
  calibration?: "table";
  risk?: "table";
  before?: string;
  after?: string;
}

export const readAccuracySearch = (raw: RawSearch): AccuracySearch => ({
  stage: oneOf(raw.stage, ["open"]),
  calibration: oneOf(raw.calibration, ["table"]),
  risk: oneOf(raw.risk, ["table"]),
  before: text(raw.before),
  after: text(raw.after),
});
