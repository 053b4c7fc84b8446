import type { Accuracy, Drift, Interval } from "@/api/generated";
import { amount, count, percent, precise } from "./format";

export const title = "Accuracy";
export const lead =
  "How right the machine’s labels are, by what people say of conversations that were drawn by chance.";
export const stage = "Stage";
export const stages = { final: "By the whole thread", open: "By the first message" } as const;

export const empty = "Nothing is measured yet";
export const emptyText = (needed: number): string =>
  `Nobody has labelled a conversation that was drawn by chance. From ${amount(needed, "label", "labels")} on, shares are shown as measured, with an interval; from the first one on, this page fills.`;
export const otherLabels = (labelled: number): string =>
  `People have labelled ${amount(labelled, "conversation", "conversations")} that were chosen for another reason, or that the machine has learnt from: those say nothing about how often it is right.`;
export const toReview = "Go to review";

/** "84% (79% to 88%)" */
export const share = (interval: Interval | null): string =>
  interval
    ? `${percent(interval.value)} (${percent(interval.low)} to ${percent(interval.high)})`
    : "–";
/** "0.71 (0.62 to 0.79)" */
export const number = (interval: Interval | null): string =>
  interval
    ? `${precise(interval.value)} (${precise(interval.low)} to ${precise(interval.high)})`
    : "–";

export const totals = {
  labels: "Labels drawn by chance",
  right: "Right",
  rightOfDecided: "Right where it decides",
  undecided: "Cannot tell",
  macro: "Macro-F1",
};
export const totalsMeaning: Record<keyof typeof totals, string> = {
  labels: "Conversations that were drawn by chance from all, and labelled by people",
  right: "Of all labelled conversations; what the machine cannot tell is not right",
  rightOfDecided: "Of those that the machine put into a category",
  undecided: "Left open by the machine, because it was not sure enough",
  macro: "Mean over the categories of the harmonic mean of precision and recall",
};
export const more = (needed: number, { labels }: Accuracy): string =>
  `${amount(Math.max(needed - labels, 0), "more label is", "more labels are")} needed before shares elsewhere are shown as measured. Until then these intervals are wide.`;

export const classes = "By category";
export const classesNote =
  "All intervals are at 95%. Conversations that were chosen because they are hard are not counted: they would make every figure look worse than it is.";
export const classColumns = {
  category: "Category",
  answered: "People say",
  said: "Machine says",
  precision: "Precision",
  recall: "Recall",
  f1: "F1",
};

export const confusion = "What is taken for what";
export const confusionNote = "Rows: what people say. Columns: what the machine says.";
export const people = "People say";

export const calibration = "How far its confidence can be believed";
export const calibrationNote = (error: number | null): string =>
  error === null
    ? "No decided label has been judged yet."
    : `Where points lie on the line, labels are right as often as their confidence says. Expected calibration error: ${percent(error)}; with few labels most of it is noise.`;
export const calibrationColumns = {
  bin: "Confidence",
  labels: "Labels",
  confidence: "Mean confidence",
  accuracy: "Right",
};
export const bin = (low: number, high: number): string => `${percent(low)} to ${percent(high)}`;
export const confidenceAxis = "Confidence";
export const rightAxis = "Right";
export const pointLabel = (confidence: number, right: Interval, labels: number): string =>
  `Confidence ${percent(confidence)}: right ${share(right)}, ${amount(labels, "label", "labels")}`;

export const risk = "Wrong, by how much it decides";
export const riskNote =
  "If the machine decided only so much, the surest first: how much of that would be wrong.";
export const riskColumns = { coverage: "Decided", risk: "Wrong" };

export const agreement = "Do people agree?";
export const noAgreement = "No conversation has been labelled by two people yet.";
export const agreementText = (items: number, agreed: string): string =>
  `On ${amount(items, "conversation", "conversations")} that several people labelled, they agree in ${agreed} of the cases.`;
export const alpha = (value: string): string =>
  `Krippendorff’s alpha, which takes off what chance would give: ${value}. No machine can be measured better than people agree.`;
export const pairColumns = {
  labellers: "Labellers",
  items: "Both labelled",
  agreed: "Agree",
  kappa: "Cohen’s kappa",
};

export const drift = "What changes";
export const mixNote = (recent: number, before: number): string =>
  `Current labels of conversations of the last ${count(recent)} days against the ${count(before)} before. A change of the mix is no error, but it is where errors begin.`;
export const mixColumns = {
  category: "Category",
  recent: "Now",
  before: "Before",
  change: "Change",
};
export const sure = "Sure";
export const unsure = "May be chance";
export const audits = (audited: number, agreed: string): string =>
  `Of ${amount(audited, "sure label", "sure labels")} of the local model that a language model was asked about by chance, it agreed with ${agreed}.`;
export const promise = ({ target, judged, precision, is_kept: isKept }: Drift): string =>
  `The local model promised to be right in ${percent(target)} of what it decides alone. Of ${amount(judged, "such label", "such labels")} that were judged since, ${share(precision)} were: ${isKept === null ? "too few to tell whether it is kept" : isKept ? "it is kept" : "it is not kept"}.`;
export const quotes = "Quotes not found";
export const quotesNote =
  "Quotes that could not be located in the message that they were said to be from, by who decided the label. They are dropped; many of them are a sign of invention.";
export const quoteColumns = {
  model: "Model",
  decider: "Kind",
  tried: "Quotes",
  dropped: "Not found",
  share: "Share",
};

export const gate = "Is the newer version better?";
export const gateNote =
  "Two versions on the same conversations, in pairs. What chance alone may explain is not ranked.";
export const before = "Older version";
export const after = "Newer version";
export const now = "What is said now";
export const choose = "Choose a version";
export const oneVersion =
  "One version only has labelled the conversations that people have labelled.";
export const verdicts = { better: "Better", worse: "Worse", "not resolved": "Not resolved" };
export const comparison = (items: number): string =>
  `On ${amount(items, "conversation", "conversations")}:`;
export const gateColumns = { measure: "Measure", before: "Before", after: "After", test: "Change" };
export const rightCount = "Right";
export const onlyOne = (onlyBefore: number, onlyAfter: number, p: number): string =>
  `${count(onlyAfter)} gained, ${count(onlyBefore)} lost (McNemar p ${p < 0.001 ? "< 0.001" : `= ${p.toFixed(3)}`})`;
export const changeOf = (change: Interval): string =>
  `${signed(change.value)} (${signed(change.low)} to ${signed(change.high)})`;
const signed = (value: number): string => `${value > 0 ? "+" : ""}${precise(value)}`;
export const version = (model: string, taxonomy: number): string =>
  `${model} · taxonomy ${count(taxonomy)}`;
