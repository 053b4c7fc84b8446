import type { ReactNode } from "react";
import { amount, count, percent, plural } from "./format";

export const title = "This week";
export const driversTitle = "Why customers write";
export const driversNote =
  "Seven days of each theme against its usual week, the mean of the four before. Quotes: its surest, of any week.";
/** What the order of the list is, and whether chance alone explains it. */
export const driversOrder = (risen: number): string =>
  risen > 0
    ? `${amount(risen, "theme has", "themes have")} surely risen and ${plural(risen, "comes", "come")} first; then the largest of this week.`
    : "No theme has surely risen; each rise below may be chance. Largest of this week first.";
export const noDrivers = "No themes yet";
export const noDriversText =
  "Themes appear when a run has read enough conversations that are alike.";
export const noConversations = "No conversations yet";
export const noConversationsText =
  "Nothing has been fetched into this workspace. Start a run, here or on the command line:";
export const underWay =
  "A run is under way: what you see grows while it reads. This page follows by itself.";
export const watchRun = "Watch the run";
export const goToRuns = "Go to runs";
export const allThemes = "All themes";

export const period = (since: ReactNode, until: ReactNode): ReactNode => (
  <>
    {since} to {until}
  </>
);

interface CoverageParts {
  read: ReactNode;
  expected: number;
  gaps: ReactNode[];
}

/** "1,982 of 1,982 conversations read, 2 incomplete." */
export const coverage = ({ read, expected, gaps }: CoverageParts): ReactNode => (
  <>
    {read} of {count(expected)} {plural(expected, "conversation", "conversations")} read
    {gaps.map((gap, at) => (
      // biome-ignore lint/suspicious/noArrayIndexKey: the parts of one sentence keep their places
      <span key={at}>, {gap}</span>
    ))}
    .
  </>
);

export const notFetched = (value: number): string => `${count(value)} not fetched`;
export const notReadYet = (value: number): string => `${count(value)} fetched but not read`;
export const incomplete = (value: number): string => `${count(value)} incomplete`;
export const failed = (value: number): string => `${count(value)} failed`;
export const skipped = (value: number): string => `${count(value)} left out`;
export const unreadable = (value: number): string => `${count(value)} unreadable`;

export const categoriesTitle = "What they are about";
export const categoriesNote =
  "All conversations that were read, by the category of the whole thread. Below each: how many there truly are, by labels of people.";
export const toAccuracy = "How right are these?";
export const remainderTitle = "The remainder";
export const remainder = (link: ReactNode, share: number): ReactNode => (
  <>
    {link} ({percent(share)}) {"are in no theme."}
  </>
);
export const ofConversations = (part: number, whole: number): string =>
  `${count(part)} of ${count(whole)} conversations without spam`;
export const withoutIssue = (value: number): string =>
  `In ${count(value)} of them no issue was found.`;
export const themedTruly = "Belonging to a theme, as far as people’s labels tell:";
export const lastRunTitle = "Last run";
export const neverRun = "There has been no run yet.";
export const run = (id: number): string => `Run ${id}`;
