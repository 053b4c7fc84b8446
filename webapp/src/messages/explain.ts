import type { FigureSpec, Gone } from "@/api/generated";
import { amount, count } from "./format";

export const title = "Explain this number";
export const unnamed = "No figure is named";
export const unnamedText = "Open this page from a number: each leads here.";
export const value = (conversations: number, customers: number): string =>
  `${amount(conversations, "conversation", "conversations")} of ${amount(customers, "customer", "customers")}`;
export const copyLink = "Copy a link to this number";
export const copyNote =
  "The link gives the same number later: it is counted again as of this moment.";
export const changed = (expected: number, now: number, gone: Gone): string =>
  `When the link was kept it was ${count(expected)}; as of the same moment it is ${count(now)} now. Since then ${amount(gone.deleted, "conversation was", "conversations were")} deleted at the source and ${amount(gone.erased, "person was", "persons were")} erased; what is gone can no longer be counted.`;
export const same = (expected: number): string =>
  `It is still the ${count(expected)} that it was when the link was kept.`;

export const what = "What is counted";
export const kinds: Record<FigureSpec["kind"], string> = {
  category: "Category of the whole thread",
  theme: "Theme",
  remainder: "Remainder",
};
export const kind = "Kind";
export const definition = "Definition";
export const asOf = "As of";
export const begun = "Conversations begun";
export const from = (since: string): string => `from ${since}`;
export const before = (until: string): string => `before ${until}`;
export const anyTime = "at any time";
export const oldest = "Oldest";
export const newest = "Newest";

export const who = "Who decided";
export const decider = "Decided by";
export const model = "Model";
export const taxonomy = "Taxonomy";
export const prompt = "Prompt";
export const version = (number: number): string => `version ${count(number)}`;
export const conversations = "Conversations";
export const nothing = "Nothing is counted.";

export const left = "What is left out";
export const leftNote =
  "Conversations of the period that have no label now, so no figure counts them.";
export const reason = "Reason";
export const nothingLeft = "Nothing: everything of the period was read.";

export const measured = "What it is measured with";
export const labels = (number: number): string =>
  number === 0
    ? "People have not labelled any conversation drawn by chance: nobody knows yet how right it is."
    : `People have labelled ${amount(number, "conversation", "conversations")} drawn by chance from all.`;
export const toReview = "Label some";
export const toAccuracy = "See how right labels are";

export const members = "The conversations";
export const query = "The query";
export const queryNote =
  "The SQL that gives the rows, as `member`, and its parameters: whoever runs Earmark can run it.";
export const explain = "Explain";
