// How a theme's week compares with its usual week, in words.

import type { Change, Driver } from "@/api/generated";
import { mean, times } from "./format";

export const verdicts: Record<Driver["verdict"], string> = {
  rising: "Rising",
  new: "New",
  falling: "Falling",
  unclear: "No clear change",
};

export const verdictMeanings: Record<Driver["verdict"], string> = {
  rising: "The whole 95% interval of the change is above 1×.",
  new: "Its first conversation ever came this week.",
  falling: "The whole 95% interval of the change is below 1×.",
  unclear: "The 95% interval of the change includes 1×: it may be chance.",
};

export const noneBefore = "none before";
export const noneAtAll = "none in five weeks";

/** The estimate: "2.2×". */
export function estimate({ value, high, low }: Change): string {
  if (value !== null) return times(value);
  return low === 0 && high === null ? noneAtAll : noneBefore;
}

/** Its 95% interval: "1.1× to 4.3×"; nothing where there is nothing to compare. */
export function interval({ value, low, high }: Change): string {
  if (value === null && low === 0 && high === null) return "";
  return high === null ? `at least ${times(low)}` : `${times(low)} to ${times(high)}`;
}

/** Both, as one sentence for screen readers. */
export function sentence(change: Change): string {
  const range = interval(change);
  return range ? `${estimate(change)}, 95% interval ${range}` : estimate(change);
}

export const usualWeek = (usual: number): string => mean(usual);

export const thisWeek = "This week";
export const usual = "Usual week";
export const change = "Change";
export const customers = "Customers";
export const conversations = "Conversations";
