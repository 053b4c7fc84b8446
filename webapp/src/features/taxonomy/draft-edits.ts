import type { Proposal, ProposedArea, ProposedCategory } from "@/api/generated";

/** The lists of texts that are edited a line each. */
export type TextsField = "includes" | "excludes" | "examples" | "patterns";

export const toLines = (texts: readonly string[] = []): string =>
  texts.map((text) => text.replaceAll(/\s*\n\s*/g, " ")).join("\n");

/** Lines as texts; an empty one stays while it is typed, at the end. */
export const fromLines = (lines: string): string[] => (lines === "" ? [] : lines.split("\n"));

function replaceAt<Entry>(entries: readonly Entry[], at: number, changes: Partial<Entry>): Entry[] {
  return entries.map((entry, place) => (place === at ? { ...entry, ...changes } : entry));
}

export const editCategory = (
  proposal: Proposal,
  at: number,
  changes: Partial<ProposedCategory>,
): Proposal => ({ ...proposal, categories: replaceAt(proposal.categories, at, changes) });

export const editArea = (
  proposal: Proposal,
  at: number,
  changes: Partial<ProposedArea>,
): Proposal => ({ ...proposal, areas: replaceAt(proposal.areas ?? [], at, changes) });

/** What of the base an entry takes over: what it says, else what has its id. */
export function originOf(entry: ProposedCategory | ProposedArea, base: ReadonlySet<string>) {
  return entry.was ?? (base.has(entry.id) ? [entry.id] : []);
}

const freeId = (taken: readonly string[], stem: string): string => {
  let id = stem;
  for (let number = 2; taken.includes(id); number += 1) id = `${stem}_${number}`;
  return id;
};

export function addCategory(proposal: Proposal): Proposal {
  const id = freeId(
    proposal.categories.map((entry) => entry.id),
    "new_category",
  );
  return { ...proposal, categories: [...proposal.categories, { id, was: [] }] };
}

export function addArea(proposal: Proposal): Proposal {
  const areas = proposal.areas ?? [];
  const id = freeId(
    areas.map((entry) => entry.id),
    "new_area",
  );
  return { ...proposal, areas: [...areas, { id, was: [] }] };
}

export const removeCategory = (proposal: Proposal, at: number): Proposal => ({
  ...proposal,
  categories: proposal.categories.filter((_, place) => place !== at),
});

/** Without the area; its parts come under what it was part of. */
export function removeArea(proposal: Proposal, at: number): Proposal {
  const areas = proposal.areas ?? [];
  const gone = areas[at];
  return {
    ...proposal,
    areas: areas
      .filter((_, place) => place !== at)
      .map((area) =>
        area.parent_id === gone?.id ? { ...area, parent_id: gone?.parent_id ?? null } : area,
      ),
  };
}

/** A second category that takes over the same as the one that is split; it follows it. */
export function splitCategory(proposal: Proposal, at: number, base: ReadonlySet<string>): Proposal {
  const entry = proposal.categories[at];
  if (!entry) return proposal;
  const taken = proposal.categories.map(({ id }) => id);
  const part = { id: freeId(taken, `${entry.id}_2`), was: originOf(entry, base) };
  return { ...proposal, categories: proposal.categories.toSpliced(at + 1, 0, part) };
}

/** One category with what both were and all their examples; the other one goes. */
export function mergeCategories(
  proposal: Proposal,
  into: number,
  from: number,
  base: ReadonlySet<string>,
): Proposal {
  const one = proposal.categories[into];
  const other = proposal.categories[from];
  if (!one || !other || into === from) return proposal;
  const was = [...new Set([...originOf(one, base), ...originOf(other, base)])];
  const examples = [...new Set([...(one.examples ?? []), ...(other.examples ?? [])])];
  return removeCategory(editCategory(proposal, into, { was, examples }), from);
}
