import type { Estimate, Interval } from "@/api/generated";
import { amount, count, percent, rate } from "./format";

/** "about 36 (29 to 44)" */
export const about = ({ value, low, high }: Interval): string =>
  `about ${rate(value)} (${rate(low)} to ${rate(high)})`;
/** "about 12% (9.8% to 15%)" */
export const aboutShare = ({ value, low, high }: Interval): string =>
  `about ${percent(value)} (${percent(low)} to ${percent(high)})`;
/** For columns of numbers: "36 (29–44)" */
export const brief = ({ value, low, high }: Interval): string =>
  `${rate(value)} (${rate(low)}–${rate(high)})`;
export const notMeasured = "not yet measured";
export const notMeasuredBrief = "not measured";
export const missing = (labels: number): string =>
  `not yet measured: ${amount(labels, "label", "labels")} missing`;

/** What an estimate rests on, for whoever points at it. */
export function basis(estimate: Estimate): string {
  const { labels, labels_within, population, raw } = estimate;
  const drawn = `${amount(labels, "label", "labels")} by people, drawn by chance from ${amount(population, "conversation", "conversations")}`;
  const said = `The machine says ${count(raw)}.`;
  if (!estimate.count) {
    return `${said} How many there truly are is not yet measured: there are ${drawn}, and about ${count(estimate.missing)} more are needed.`;
  }
  return `${said} How many there truly are is estimated from ${drawn}, ${count(labels_within)} of which the machine counts here; with the 95% interval.`;
}

export const label = "Measured";
export const labels = (value: number): string => `from ${amount(value, "label", "labels")}`;
