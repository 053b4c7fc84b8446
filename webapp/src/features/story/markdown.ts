import type { AcceptanceCriterion, Quote, ScorePart, StoryDetail } from "@/api/generated";
import { date, factor, rate } from "@/messages/format";
import { plan, planUnknown } from "@/messages/quotes";
import * as m from "@/messages/stories";

/** What trackers make links or notifications of by themselves, whatever is escaped in it. */
const live =
  /(?:[a-z][a-z0-9+.-]*:\/\/|www\.|mailto:)[^\s<>()[\]"'`]*|[\w.+-]*@[\w.-]+|(?:[\w./-]*#|\bGH-)\d+/gi;

/** Marks by which a line becomes a list, a rule or a heading of the line before. */
const lineMark = /^(\s*)(?:([-+=])|(\d+)([.)]))/gm;

const escapePlain = (text: string): string =>
  text
    .replace(/[\\`*_{}[\]<>#|~!&]/g, "\\$&")
    .replace(lineMark, (_, space, mark, number, stop) =>
      mark ? `${space}\\${mark}` : `${space}${number}\\${stop}`,
    );

/**
 * So that a customer's words stay words in a tracker: no link, image, heading or tag is made, and
 * nobody is notified. What would be a link all the same stands as code.
 */
export function escapeMarkdown(text: string): string {
  let done = 0;
  let escaped = "";
  for (const found of text.matchAll(live)) {
    escaped += `${escapePlain(text.slice(done, found.index))}\`${found[0]}\``;
    done = found.index + found[0].length;
  }
  return escaped + escapePlain(text.slice(done));
}

const quoteBlock = (text: string): string =>
  escapeMarkdown(text)
    .split(/\r?\n/)
    .map((line) => `> ${line}`.trimEnd())
    .join("\n");

const list = (items: readonly string[]): string =>
  items.map((item) => `- ${escapeMarkdown(item)}`).join("\n");

function criterion({ given, when, then, assumption }: AcceptanceCriterion): string {
  const mark = assumption ? ` _(${m.assumption.toLowerCase()})_` : "";
  return (
    `- [ ] **${m.givenWord}** ${escapeMarkdown(given)}, **${m.whenWord}** ${escapeMarkdown(when)},` +
    ` **${m.thenWord}** ${escapeMarkdown(then)}.${mark}`
  );
}

/** The address of a quote in its conversation. */
export function quoteAddress(base: string, quote: Quote): string {
  const search = new URLSearchParams({
    message: quote.message_id,
    from: String(quote.start),
    to: String(quote.end),
  });
  return `${base}/conversations/${encodeURIComponent(quote.conversation_id)}?${search}`;
}

function quoted(quote: Quote, base: string): string {
  const source = `${quote.plan ? plan(quote.plan) : planUnknown}, ${date(quote.said_at, "day", "UTC")}`;
  return `${quoteBlock(quote.text)}\n>\n> — [${escapeMarkdown(source)}](${quoteAddress(base, quote)})`;
}

function scorePart({ name, value, low, high, explanation }: ScorePart): string {
  const range = low === high ? "" : ` (${m.factorRange(low, high)})`;
  return `- ${m.partNames[name] ?? name} ${factor(value)}${range}: ${escapeMarkdown(explanation)}`;
}

/** A story for a tracker; `base` is the workspace's address, which its links lead to. */
export function storyMarkdown({ story, quotes }: StoryDetail, base: string): string {
  const { reach, score } = story;
  const parts: [string, string][] = [
    [m.problem, escapeMarkdown(story.problem)],
    [m.who, escapeMarkdown(story.who)],
    [m.criteria, story.acceptance_criteria.map(criterion).join("\n")],
    [m.workaround, story.workaround ? quoteBlock(story.workaround) : m.noWorkaround],
    [m.openQuestions, list(story.open_questions ?? [])],
    [m.outOfScope, list(story.out_of_scope ?? [])],
    [
      `${m.score} ${rate(score.value)} (${m.range(score.low, score.high)}), ` +
        `${m.reach.toLowerCase()} ${rate(reach.value)} ${m.customers(reach.value)} (${m.range(reach.low, reach.high)})`,
      story.score_parts.map(scorePart).join("\n"),
    ],
    [m.quotes, quotes.map((quote) => quoted(quote, base)).join("\n\n")],
  ];
  const body = parts
    .filter(([, text]) => text !== "")
    .map(([title, text]) => `## ${title}\n\n${text}`);
  return `${[`# ${escapeMarkdown(story.title)}`, ...body].join("\n\n")}\n`;
}
