/** What the next run would cost, as a worker has counted it. */
export interface Quote {
  model: string;
  conversations: number;
  calls: number;
  input: number;
  shared: number;
  output: number;
  /** US dollars; null where the price is not known. */
  low: string | null;
  high: string | null;
  /** The most by the provider's batches; null where they are no cheaper. */
  byBatch: string | null;
}

const number = (value: unknown): number => (typeof value === "number" ? value : 0);
const money = (value: unknown): string | null => (typeof value === "string" ? value : null);

/** The stored document, which an older version may have written in another shape. */
export function readQuote(stored: Record<string, unknown> | null | undefined): Quote | null {
  if (typeof stored?.model !== "string") return null;
  return {
    model: stored.model,
    conversations: number(stored.conversations),
    calls: number(stored.calls),
    input: number(stored.input_tokens),
    shared: number(stored.shared_tokens),
    output: number(stored.output_tokens),
    low: money(stored.low),
    high: money(stored.high),
    byBatch: money(stored.batch_high),
  };
}
