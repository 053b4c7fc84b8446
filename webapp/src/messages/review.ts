import type { ReviewCount } from "@/api/generated";
import { amount, count, percent } from "./format";

export const title = "Review";
export const lead =
  "Read a conversation and say what it is about. What you say is its category from now on, teaches the local model, and measures how right all other labels are.";
export const labeller = "Your name";
export const thread = "Conversation";
export const answer = "Your answer";
export const category = "What is it about?";
export const themes = "Which themes does it belong to?";
export const noThemes = "None of these";
export const noCandidates = "No known theme is near.";
export const save = "Save and next";
export const skip = "Skip";
export const undo = "Undo";
export const openConversation = "Open the conversation";
export const chooseFirst = "Choose a category first.";
export const saved = (category: string): string => `Saved: ${category}.`;
export const skipped = "Skipped; others may be asked.";
export const undone = "Taken back.";
export const nothingToUndo = "There is nothing to take back.";
export const conflict = (who: string, said: string): string => `${who} said: ${said}.`;

export const draw = "Draw conversations";
export const drawNumber = 50;
export const drawn = (number: number): string =>
  number > 0
    ? `${amount(number, "conversation was", "conversations were")} added.`
    : "There is nothing left to draw: all has been drawn before.";
export const empty = "The queue is empty";
export const emptyText =
  "Draw some conversations: two in five are chosen at random, to measure with; the others are those that the machine was least sure of, to learn from.";
export const others = "What is left is with other people, or you have skipped it.";

export const progress = "Progress";
export const reason = "Why it was drawn";
export const waiting = "Waiting";
export const done = "Done";
export const reasons: Record<ReviewCount["reason"], string> = {
  random: "At random",
  margin: "Narrowly decided",
  disagreement: "First message and thread differ",
  quotes: "Quotes that were not found",
  theme: "New themes",
  requested: "Asked for",
};
export const agreement = (agreed: number, pairs: number): string =>
  pairs === 0
    ? "Nobody has labelled the same conversation twice yet."
    : `People agreed on ${count(agreed)} of ${amount(pairs, "conversation", "conversations")} (${percent(agreed / pairs)}).`;

export const keys = {
  choose: "choose",
  toThemes: "themes",
  toCategory: "category",
  save: "save",
  skip: "skip",
  undo: "undo",
  move: "next and previous message",
};
