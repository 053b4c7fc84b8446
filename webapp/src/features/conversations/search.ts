import type { Sentiment } from "@/api/generated";
import { flag, moment, natural, oneOf, type RawSearch, text } from "@/app/search";

export const sentimentKeys = [
  "positive",
  "neutral",
  "negative",
  "cannot_tell",
] as const satisfies readonly Sentiment[];

/** What the list is narrowed to, by the names that the API has. */
export interface ConversationsSearch {
  category?: string;
  theme?: number;
  unthemed?: true;
  language?: string;
  sentiment?: Sentiment;
  churn_risk?: boolean;
  state?: string;
  contact?: string;
  /** The first moment, and the first one after the last. */
  since?: string;
  until?: string;
}

export const readConversationsSearch = (raw: RawSearch): ConversationsSearch => ({
  category: text(raw.category),
  theme: natural(raw.theme),
  unthemed: flag(raw.unthemed) || undefined,
  language: text(raw.language),
  sentiment: oneOf(raw.sentiment, sentimentKeys),
  churn_risk: flag(raw.churn_risk),
  state: text(raw.state),
  contact: text(raw.contact),
  since: moment(raw.since),
  until: moment(raw.until),
});
