import { amount, percent } from "./format";

export const openQuote = "Open at its place in the conversation";
export const plan = (name: string): string => `${name} plan`;
export const planUnknown = "plan unknown";
export const fit = (probability: number): string => `fit ${percent(probability)}`;
export const fitMeaning = "How surely the issue that this is proof of belongs to the theme";
export const moreQuotes = (count: number): string =>
  `Show ${amount(count, "more quote", "more quotes")}`;
export const fewerQuotes = "Show fewer quotes";
