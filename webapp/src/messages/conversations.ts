import { count, languageName, percent } from "./format";

export const title = "Conversations";
export const lead = "Newest first.";
export const shown = (loaded: number, more: boolean): string =>
  more ? `${count(loaded)} loaded, more below` : `${count(loaded)} in all`;
export const filters = "Filters";
export const category = "Category";
export const anyCategory = "All categories";
export const sentiment = "Sentiment";
export const anySentiment = "Any sentiment";
export const churn = "Risk of leaving";
export const anyChurn = "Leaving or not";
export const churnYes = "May leave";
export const churnNo = "No sign of leaving";
export const state = "State";
export const anyState = "Any state";
export const language = "Language";
export const anyLanguage = "Any language";
export const themed = "Theme";
export const anyThemed = "In a theme or not";
export const unthemed = "In no theme";
export const since = "From";
export const until = "Before";
export const remove = (filter: string): string => `Remove the filter “${filter}”`;
export const clear = "Clear all";
export const chips = {
  category: (name: string): string => `Category: ${name}`,
  theme: (name: string): string => `Theme: ${name}`,
  unthemed: "In no theme",
  language: (code: string): string => `Language: ${languageName(code)}`,
  sentiment: (name: string): string => `Sentiment: ${name}`,
  churn: (yes: boolean): string => (yes ? churnYes : churnNo),
  state: (name: string): string => `State: ${name}`,
  contact: (name: string): string => `Customer: ${name}`,
  since: (moment: string): string => `From ${moment}`,
  until: (moment: string): string => `Before ${moment}`,
};
export const themeNumber = (id: number): string => `number ${id}`;
export const activeFilters = "Active filters";
export const noText = "No text";
export const unknownCustomer = "Unknown customer";
export const confidence = (share: number): string => percent(share);
export const confidenceMeaning = "Calibrated probability that the category is right";
export const mayLeave = "May leave";
export const truncated = "Truncated";
export const noMatch = "No conversation matches";
export const noMatchText = "Nothing fits all of these filters.";
export const empty = "No conversations yet";
export const emptyText = "Nothing has been fetched into this workspace. A run does that.";
export const toRuns = "Go to runs";
export const moreThemes = (number: number): string => `and ${count(number)} more`;
