import { amount, count, locale } from "./format";

const dollars = new Intl.NumberFormat(locale, {
  style: "currency",
  currency: "USD",
  currencyDisplay: "narrowSymbol",
});
const fractions = new Intl.NumberFormat(locale, {
  style: "currency",
  currency: "USD",
  currencyDisplay: "narrowSymbol",
  minimumFractionDigits: 4,
});

/** "0.0312" → "$0.0312", "12.5" → "$12.50": small amounts are what calls cost. */
export function usd(value: string): string {
  const number = Number(value);
  return number !== 0 && Math.abs(number) < 1 ? fractions.format(number) : dollars.format(number);
}

export const title = "Cost";
export const lead =
  "What models were asked for and what it cost, in US dollars. Before a model is asked, the most that the call can cost is put aside; no ceiling is ever crossed.";
export const today = "Today (UTC)";
export const total = "In all";
export const aside = "Put aside";
export const asideMeaning = "For calls that are under way";
export const of = (ceiling: string): string => `of ${ceiling}`;
export const noCeiling = "no ceiling";

export const ceilings = "Ceilings";
export const ceilingsNote =
  "At a ceiling the work waits: nothing is lost, and the next run goes on from there. An empty field leaves it to the setting.";
export const perRun = "A run";
export const perDay = "A day (UTC)";
export const inAll = "This workspace in all";
export const save = "Set ceilings";
export const saved = "The ceilings are set.";
export const bad = "Ceilings are amounts of US dollars, such as 2.50.";

export const ledger = "What it was for";
export const nothing = "No model was asked";
export const nothingText = "Everything was done on this machine, at no cost.";
export const model = "Model";
export const purpose = "Purpose";
export const prompt = "Prompt";
export const calls = "Calls";
export const repaired = (number: number): string =>
  number > 0 ? `${amount(number, "repair", "repairs")}` : "";
export const tokensIn = "Tokens in";
export const cached = "Cached";
export const tokensOut = "Out";
export const cost = "Cost";
export const days = "The last 30 days";
export const day = "Day";

export const quote = "Before the next run";
export const ask = "What would it cost?";
export const asking = "A worker is counting …";
export const asked = (conversations: number, calls: number, model: string): string =>
  `${amount(conversations, "conversation is", "conversations are")} to be read; ${model} would be asked about ${count(calls)} of them.`;
export const perCall = (input: number, shared: number, output: number): string =>
  `A call has about ${amount(input, "token", "tokens")}, ${count(shared)} of them the same in all, and ${count(output)} in the answer.`;
export const between = (low: string, high: string): string =>
  `From ${usd(low)}, with what is the same cached, to ${usd(high)}.`;
export const byBatch = (high: string): string =>
  `By the provider's batches, within a day: at most ${usd(high)}. \`EARMARK_BATCH=auto\` uses them.`;
export const free = "That costs nothing.";
export const unknownPrice =
  "Its price is not known: set `EARMARK_PRICE_INPUT` and `EARMARK_PRICE_OUTPUT`.";
