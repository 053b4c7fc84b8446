import type { EvidenceKind } from "@/api/generated";

/** A range of a message's body, in Unicode code points, as the API has them. */
export interface Range {
  start: number;
  end: number;
}

export interface Span extends Range {
  id: number;
  kind: EvidenceKind;
}

/** A piece of the body, with the evidence that covers all of it. */
export interface Segment<Covering extends Span> {
  /** Where it begins, in code points: its identity in the body. */
  start: number;
  text: string;
  spans: Covering[];
  inTarget: boolean;
}

/** Whether a range lies in a text of so many code points and has something in it. */
export const fits = ({ start, end }: Range, length: number): boolean =>
  start >= 0 && start < end && end <= length;

/**
 * Cuts a body where evidence, or the quote that was asked for, begins or ends.
 *
 * JavaScript counts UTF-16 units, evidence counts code points: an emoji is two of the former and
 * one of the latter, so the body is taken apart into code points first.
 */
export function segment<Covering extends Span>(
  body: string,
  spans: readonly Covering[],
  target: Range | null,
): Segment<Covering>[] {
  const points = Array.from(body);
  const usable = spans.filter((span) => fits(span, points.length));
  const wanted = target && fits(target, points.length) ? target : null;
  const ranges: Range[] = wanted ? [...usable, wanted] : usable;
  const cuts = new Set([0, points.length, ...ranges.flatMap(({ start, end }) => [start, end])]);
  const places = [...cuts].sort((a, b) => a - b);
  const covers = (range: Range, start: number) => range.start <= start && start < range.end;
  return places.slice(0, -1).map((start, at) => ({
    start,
    text: points.slice(start, places[at + 1]).join(""),
    spans: usable.filter((span) => covers(span, start)),
    inTarget: wanted !== null && covers(wanted, start),
  }));
}

/** Segments in order, those of the quote together. */
export function groupByTarget<Covering extends Span>(
  segments: readonly Segment<Covering>[],
): { inTarget: boolean; segments: Segment<Covering>[] }[] {
  const groups: { inTarget: boolean; segments: Segment<Covering>[] }[] = [];
  for (const piece of segments) {
    const last = groups.at(-1);
    if (last?.inTarget === piece.inTarget) last.segments.push(piece);
    else groups.push({ inTarget: piece.inTarget, segments: [piece] });
  }
  return groups;
}
