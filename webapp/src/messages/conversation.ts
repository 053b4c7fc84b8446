import type { AuthorRole, ClassificationStage, Stated } from "@/api/generated";
import { amount, count } from "./format";

export const back = "Conversations";
export const untitled = (id: string): string => `Conversation ${id}`;
export const thread = "Thread";
export const details = "What was understood";
export const toDetails = "To what was understood";
export const started = "Started";
export const legend = "Marked in the text:";
export const legendKeys = { issue: "an issue", churn: "risk of leaving", resolution: "an answer" };
export const legendTarget = "the quote that you opened";
export const quoteNotThere =
  "The quote of this link is not at its place any more: the message has changed since.";
export const truncated =
  "Older messages are missing: Intercom does not give more than the newest ones.";
export const redactedConversation = "Parts of this conversation were redacted in Intercom.";
export const redactedMessage = "Redacted in Intercom";
export const emptyMessage = "No text";
export const partsMissing = (received: number, expected: number): string =>
  `Incomplete: ${count(received)} of ${amount(expected, "part", "parts")} were given.`;
export const noMessages = "This conversation has no messages with text.";

export const roles: Record<AuthorRole, string> = {
  customer: "Customer",
  teammate: "Teammate",
  bot: "Bot",
};
export const aiAgent = "AI agent";
export const note = "Internal note";
export const noteMeaning = "The customer never saw it";
export const attachments = "Attachments";
export const unnamedFile = "Unnamed file";

export const labels = "Labels";
export const stages: Record<ClassificationStage, string> = {
  final: "Whole thread",
  open: "First message",
};
export const bestGuess = (name: string, share: string | null): string =>
  share === null ? `best guess ${name}` : `best guess ${name}, ${share}`;
export const runnerUp = (name: string, share: string | null): string =>
  share === null ? `then ${name}` : `then ${name}, ${share}`;
export const confidenceMeaning = "Calibrated probability that the category is right";
export const decidedBy = (who: string): string => `by ${who}`;
export const correct = (stage: string): string => `Correct: ${stage.toLowerCase()}`;
export const correctHint = "Not right? It is …";
export const takeBack = "Take back what I said";
export const localGuess = (name: string, share: string): string =>
  `the local model thought ${name}, ${share}`;
export const withShare = (name: string, share: string): string => `${name}, ${share}`;
export const why = "Why this label";
export const whyOf = (stage: string): string => `${why}: ${stage.toLowerCase()}`;
export const decided = "Decided by";
export const confidence = "Confidence";
export const said = "It said itself";
export const saidMeaning =
  "How sure the language model says it is; the confidence is how often it was right when it said so";
export const statedNames: Record<Stated, string> = {
  high: "Very sure",
  medium: "Fairly sure",
  low: "Not sure",
};
export const local = "Local model";
export const opinion = (guess: string, same: boolean): string =>
  same ? `thought the same: ${guess}` : `thought otherwise: ${guess}`;
export const audit = "Audit";
export const auditYes =
  "The local model was sure; a language model was asked all the same, by chance";
export const prompt = "Prompt";
export const version = (number: number): string => `version ${count(number)}`;
export const when = "When";
export const earlier = "Before that";
export const until = "until";
export const peopleSaid = "What people said";
export const nobodySaid = "Nobody has labelled this by hand.";
export const machineSilent = "(the machine had said nothing)";
export const machineSaid = (label: string, who: string | null): string =>
  who ? `(the machine had said ${label}, by ${who})` : `(the machine had said ${label})`;
export const waits = "Waits to be read";
export const notRead = "Not read yet";
export const notReadText = "The next run reads it.";
export const failedReading = (attempts: number): string =>
  `Reading it has failed ${amount(attempts, "time", "times")}`;

export const facets = "What else is known";
export const language = "Language";
export const sentiment = "Sentiment";
export const urgency = "Urgency";
export const leaving = "Risk of leaving";
export const leavingYes = "Yes";
export const leavingNo = "No sign";
export const area = "Product area";
export const resolution = "Answer";
export const resolutionLink = "See the message";
export const none = "None found";
export const ending = "How it ended";
export const helpGap = "Help page missing";
export const helpGapYes = "A good one would have answered";
export const helpGapNo = "No";
export const changeReason = "Why the category changed";
export const component = "Part of the product";
export const symptoms = "Symptoms";
export const cause = "Cause";
export const causeStated = "Said in the conversation";
export const causeGuessed = "A guess of the model";
export const modelsWords = "A language model's words";
export const summary = "Summary";
export const issuesByModel =
  "In a language model's words, with personal data masked. The quotes are what people wrote themselves.";
export const leftOut = (messages: number, characters: number): string =>
  messages > 0
    ? `The conversation is too long: the language model was not shown ${amount(messages, "message", "messages")} of it, ${amount(characters, "character", "characters")} in all.`
    : `The language model was not shown ${amount(characters, "character", "characters")} of long messages.`;
export const instructs =
  "The text tries to instruct whoever reads it. Models were not given it as an instruction.";

export const issues = "Issues";
export const noIssues = "No issue was found in this conversation.";
export const inTheme = "Theme";
export const inNoTheme = "In no theme (the remainder)";
export const unverified = "No quote located";
export const unverifiedMeaning = "It counts, but never reaches a story as evidence";
export const seeQuote = (number: number): string => `Quote ${count(number)}`;
export const toIssue = (statement: string): string => `Issue: ${statement}`;
export const toFacet = (name: string): string => `Proof of: ${name}`;

export const customer = "Customer";
export const name = "Name";
export const email = "E-mail";
export const role = "Kind";
export const company = "Company";
export const plan = "Plan";
export const spend = "Monthly spend";
export const users = "Users";
export const industry = "Industry";
export const allOfCustomer = "All conversations of this customer";
export const noCustomer = "Intercom names no customer.";

export const origin = "Where this comes from";
export const state = "State";
export const channel = "Channel";
export const rating = "Rating";
export const tags = "Tags";
export const priority = "Priority";
export const page = "Page";
export const identifier = "Intercom id";
export const model = "Model";
export const taxonomy = "Taxonomy";
export const inputKey = "Input key";
export const inputKeyMeaning = "The same key gives the same label";
export const quotes = "Quotes located";
export const quotesDropped = (located: number, dropped: number): string =>
  dropped > 0 ? `${count(located)} (${count(dropped)} dropped)` : count(located);
