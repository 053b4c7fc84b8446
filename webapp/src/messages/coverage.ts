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
  incomplete: "Truncated",
  unlisted: "Not listed",
  unreadable: "Unreadable",
};
export const meanings = {
  expected: "What the source counted when the last backfill began, or has listed since",
  listed: "Conversations that the source has named one by one",
  stored: "Fetched with their messages",
  pending: "Named, and still to be fetched",
  skipped: "Settled without being stored, such as those deleted at the source",
  failed: "Could not be fetched",
  incomplete: "Incomplete: stored, but the source has more parts than it gave",
  unlisted: "Counted by the source, but in none of its lists",
  unreadable: "Rows of the source's list without a usable conversation",
};
export const whole = "Every conversation that the source named is stored whole.";
export const perDay = "Per day";
export const perDayNote = "Conversations by the day they were created.";
export const day = "Day";
export const complete = "stored whole";
export const partly = "truncated, pending or left out";
export const failedDay = "failed";
export const dayLabel = (date: string, listed: number, missing: number): string =>
  `${date}: ${amount(listed, "conversation", "conversations")}, ${
    missing > 0 ? `${count(missing)} not whole` : "all whole"
  }`;
export type GapKind = "missing" | "truncated" | "left_out";
export const gapTitles: Record<GapKind, string> = {
  missing: "Missing",
  truncated: "Truncated",
  left_out: "Left out",
};
export const gapNotes: Record<GapKind, string> = {
  missing: "They are fetched by the next run.",
  truncated: "The source gives the newest 500 parts only. Older parts that were stored are kept.",
  left_out: "Deleted or merged at the source, erased on request, or left out by a person.",
};
export const gaps = "Gaps";
export const manyGaps = "The first 500, worst first.";
export const noGaps = "There are none.";
export const onlyFailures = "There are none besides the failures.";
export const conversation = "Conversation";
export const reason = "Reason";
export const attempts = "Attempts";

export const unreadable = "Unreadable rows";
export const unreadableNote = (shown: number): string =>
  shown >= 500
    ? "Rows of a listing or a file that hold no usable conversation: the first 500."
    : "Rows of a listing or a file that hold no usable conversation.";
export const seen = "Seen";

export const failures = "Failures";
export const failuresNote =
  "What could not be fetched or read. What was given up is tried again only if you say so.";
export const work = "Work";
export const works = { fetch: "Fetch", read: "Read" };
export const state = "State";
export const givenUp = "Given up";
export const triedAgain = "To be tried again";
export const what = "What to do";
export const retry = "Try again";
export const retryAll = "Try all again";
export const skip = "Leave out";
export const retryOne = (id: string): string => `Try ${id} again`;
export const skipOne = (id: string): string => `Leave out ${id}`;
export const skipTitle = "Leave this conversation out?";
export const skipText = (id: string): string =>
  `Conversation ${id} is not tried again, until it changes at the source.`;
export const keep = "Keep it";
export const retried = (changed: number): string =>
  `The next run tries ${amount(changed, "conversation", "conversations")} again.`;
export const skipped = (changed: number): string =>
  `${amount(changed, "conversation is", "conversations are")} left out.`;

export const notifications = "Notifications";
export const lastEvent = "The last notification came";
export const noEvents =
  "None has come yet. Without them, changes are found by the next run. The guide `docs/how-to/connect-intercom.md` says how to have them sent.";
export const silent = (since: string): string =>
  `Conversations have changed since, and nothing was told after ${since}: see in Intercom's Developer Hub whether the subscription was suspended, and set it live again.`;
