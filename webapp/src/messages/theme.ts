import { amount, count } from "./format";

export const back = "Themes";
export const tab = "Theme";
export const keywords = "Words";
export const story = "Read its story";
export const noStory = "It has no story: too few customers or quotes, or nothing to build.";
export const toConversations = (value: number): string =>
  `See its ${amount(value, "conversation", "conversations")}`;
export const firstHeard = "First heard";
export const lastHeard = "Last heard";
export const total = "Conversations";
export const customers = "Customers";
export const thisWeek = "This week";
export const thisWeekCustomers = (value: number): string =>
  `from ${amount(value, "customer", "customers")}`;
export const usual = "Usual week";
export const usualMeaning = "The mean of the four weeks before";
export const change = "Change";
export const changeMeaning = "This week against the usual week, with its 95% interval";
export const negative = "Negative";
export const negativeMeaning = "Conversations whose customer sounds negative";
export const churn = "May leave";
export const churnMeaning = "Conversations in which the customer threatens to leave";
export const revenue = "Monthly spend";
export const revenueMeaning =
  "Of the companies behind it, each counted once, in the currency that the workspace keeps";
export const cohesion = "Cohesion";
export const cohesionMeaning =
  "How alike its issues are: mean cosine similarity to their centre, 0 to 1";
export const trend = "Trend";
export const quotes = "In customers' words";
export const quotesNote =
  "Each quote was found, letter by letter, in the message that it opens. Surest first, one of each customer before a second of any.";
export const noQuotes = "No quotes";
export const noQuotesText =
  "No words of a customer could be located in a message, so none are shown.";
export const area = (name: string): string => `Area: ${name}`;
export const version = (number: number): string => `Version ${count(number)} of its name`;
