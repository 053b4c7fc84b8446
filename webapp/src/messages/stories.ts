import { amount, factor, plural, rate } from "./format";

export const title = "Stories";
export const lead = (total: number): string =>
  `${amount(total, "backlog candidate", "backlog candidates")}, best first by the lower bound of the score.`;
export const empty = "No stories yet";
export const emptyText =
  "A theme earns a story when enough different customers of the last quarter stand behind it and their words could be located.";
export const toThemes = "See the themes";
export const reach = "Reach";
export const reachMeaning = "Distinct customers per quarter, with the 95% interval";
export const score = "Score";
export const scoreMeaning = "Reach × impact × confidence ÷ effort, with the bounds of its parts";
export const parts = "How the score is made";
export const theme = "Theme";
export const toTheme = "See its theme";
export const range = (low: number, high: number): string => `${rate(low)} to ${rate(high)}`;
export const factorRange = (low: number, high: number): string =>
  `${factor(low)} to ${factor(high)}`;
export const customers = (value: number): string => plural(value, "customer", "customers");
export const part = { name: "Part", value: "Value", range: "From – to", why: "Why" };
export const partNames: Record<string, string> = {
  reach: "Reach",
  impact: "Impact",
  confidence: "Confidence",
  effort: "Effort",
};
export const evidence = (version: number): string => `from version ${version} of the theme`;

export const back = "Stories";
export const tab = "Story";
export const problem = "Problem";
export const who = "Who";
export const criteria = "Acceptance criteria";
export const givenWord = "Given";
export const whenWord = "when";
export const thenWord = "then";
export const assumption = "Assumption";
export const assumptionMeaning = "Nothing in the evidence says so: ask before building on it";
export const workaround = "Workaround, in teammates' words";
export const noWorkaround = "No teammate's message reads like an answer.";
export const openQuestions = "Open questions";
export const outOfScope = "Out of scope";
export const quotes = "Evidence";
export const quotesNote = "Verified quotes; each opens at its place in the conversation.";
export const draftedBy = (who: string): string => `Drafted by ${who}`;
export const copyMarkdown = "Copy as Markdown";
