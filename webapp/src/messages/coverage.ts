import { amount, count } from "./format";

export const title = "Coverage";
export const lead =
  "Every conversation that the source says exists, and what became of it. Days are UTC.";
export const empty = "Nothing listed yet";
export const emptyText = "The first run asks the source which conversations there are.";
export const toRuns = "Go to runs";
export const totals = {
  expected: "Expected",
  listed: "Listed",
  stored: "Stored",
  pending: "Pending",
  skipped: "Left out",
  failed: "Failed",
  incomplete: "Incomplete",
  unreadable: "Unreadable",
};
export const meanings = {
  expected: "What the source counted when the last backfill began, or has listed since",
  listed: "Conversations that the source has named one by one",
  stored: "Fetched with their messages",
  pending: "Named, and still to be fetched",
  skipped: "Settled without being stored, such as those deleted at the source",
  failed: "Could not be fetched",
  incomplete: "Stored, but the source has more parts than it gave",
  unreadable: "Rows of the source's list without a usable conversation",
};
export const whole = "Every conversation that the source named is stored whole.";
export const perDay = "Per day";
export const perDayNote = "Conversations by the day they were created.";
export const day = "Day";
export const complete = "stored whole";
export const partly = "incomplete, pending or left out";
export const failedDay = "failed";
export const dayLabel = (date: string, listed: number, missing: number): string =>
  `${date}: ${amount(listed, "conversation", "conversations")}, ${
    missing > 0 ? `${count(missing)} not whole` : "all whole"
  }`;
export const gaps = "Gaps";
export const gapsNote = (shown: number): string =>
  shown >= 500
    ? "The first 500, worst first."
    : "Every conversation that is not whole, worst first.";
export const noGaps = "There are none.";
export const conversation = "Conversation";
export const status = "Status";
export const reason = "Reason";
export const attempts = "Attempts";
export const statuses: Record<string, string> = {
  failed: "Failed",
  pending: "Pending",
  skipped: "Left out",
  stored: "Incomplete",
};
