import { natural, type RawSearch, text } from "@/app/search";

/** The quote that the conversation is opened at: code points of one message's body. */
export interface ConversationSearch {
  message?: string;
  from?: number;
  to?: number;
}

export const readConversationSearch = (raw: RawSearch): ConversationSearch => ({
  message: text(raw.message),
  from: natural(raw.from),
  to: natural(raw.to),
});
