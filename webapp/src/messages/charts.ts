import { amount, count } from "./format";

export function sparklineLabel(values: readonly number[]): string {
  const newest = values.at(-1) ?? 0;
  const largest = Math.max(...values, 0);
  return `${values.length} weeks: at most ${count(largest)}, ${count(newest)} in the newest`;
}

export const trendTitle = "Conversations per week";
export const trendNote = "Weeks begin on Monday (UTC). The newest week may not be over yet.";
export const week = "Week from";
export const conversations = "Conversations";
export const barLabel = (day: string, value: number): string =>
  `Week from ${day}: ${amount(value, "conversation", "conversations")}`;
