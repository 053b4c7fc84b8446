import type { ChangeDetail, Finding, Proposal, Taxonomy } from "@/api/generated";
import * as m from "@/messages/taxonomy";
import { Button } from "@/ui/button";
import { ProblemPanel } from "@/ui/states";
import { AreaEditor } from "./area-editor";
import { CategoryEditor } from "./category-editor";
import * as edits from "./draft-edits";
import { Field, Told } from "./field";
import styles from "./taxonomy.module.css";
import type { useDraft } from "./use-draft";

interface DraftEditorProps {
  detail: ChangeDetail;
  base: Taxonomy;
  draft: ReturnType<typeof useDraft>;
}

/** What an entry is told, with the part of the place that is below it. */
const of = (findings: readonly Finding[], part: string, at: number): Finding[] =>
  findings
    .filter(({ place }) => place[0] === part && place[1] === at)
    .map((finding) => ({ ...finding, place: finding.place.slice(2) }));

export function DraftEditor({ detail, base, draft }: DraftEditorProps) {
  const { proposal, edit } = draft;
  const set = (next: Proposal) => edit({ proposal: next });
  const whole = detail.findings.filter(({ place }) => place.length < 2);
  return (
    <>
      <Saved draft={draft} />
      <Field label={m.noteLabel} findings={[]}>
        {(attributes) => (
          <input
            {...attributes}
            maxLength={500}
            value={draft.note}
            onChange={(event) => edit({ note: event.target.value })}
          />
        )}
      </Field>
      <section aria-labelledby="categories">
        <h2 id="categories">{m.categories}</h2>
        <Told findings={whole} />
        <Categories detail={detail} base={base} proposal={proposal} onChange={set} />
        <div className={styles.actions}>
          <Button onClick={() => set(edits.addCategory(proposal))}>{m.addCategory}</Button>
        </div>
      </section>
      <section aria-labelledby="areas">
        <h2 id="areas">{m.areas}</h2>
        <Areas detail={detail} base={base} proposal={proposal} onChange={set} />
        <div className={styles.actions}>
          <Button onClick={() => set(edits.addArea(proposal))}>{m.addArea}</Button>
        </div>
      </section>
    </>
  );
}

function Saved({ draft }: { draft: ReturnType<typeof useDraft> }) {
  const told = draft.saving ? m.saving : draft.saved ? m.saved : m.unsaved;
  return (
    <>
      <p className={styles.quiet} role="status">
        {told}
      </p>
      {draft.error && <ProblemPanel error={draft.error} />}
      {draft.stale && (
        <p>
          {m.staleTitle} <Button onClick={() => void draft.reload()}>{m.reload}</Button>
        </p>
      )}
    </>
  );
}

interface PartProps {
  detail: ChangeDetail;
  base: Taxonomy;
  proposal: Proposal;
  onChange: (next: Proposal) => void;
}

function Categories({ detail, base, proposal, onChange }: PartProps) {
  const known = new Set(base.categories.map(({ id }) => id));
  return (
    <ul className={styles.entries}>
      {proposal.categories.map((entry, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the id of a new one changes while it is typed
        <li key={at}>
          <CategoryEditor
            entry={entry}
            origin={edits.originOf(entry, known)}
            fixedId={known.has(entry.id)}
            findings={of(detail.findings, "categories", at)}
            others={proposal.categories
              .map((other, place) => ({ at: place, name: other.name || other.id }))
              .filter((other) => other.at !== at)}
            onEdit={(changes) => onChange(edits.editCategory(proposal, at, changes))}
            onMerge={(from) => onChange(edits.mergeCategories(proposal, at, from, known))}
            onSplit={() => onChange(edits.splitCategory(proposal, at, known))}
            onRemove={() => onChange(edits.removeCategory(proposal, at))}
          />
        </li>
      ))}
    </ul>
  );
}

function Areas({ detail, base, proposal, onChange }: PartProps) {
  const known = new Set((base.areas ?? []).map(({ id }) => id));
  const areas = proposal.areas ?? [];
  return (
    <ul className={styles.entries}>
      {areas.map((entry, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the id of a new one changes while it is typed
        <li key={at}>
          <AreaEditor
            entry={entry}
            areas={areas}
            fixedId={known.has(entry.id)}
            findings={of(detail.findings, "areas", at)}
            onEdit={(changes) => onChange(edits.editArea(proposal, at, changes))}
            onRemove={() => onChange(edits.removeArea(proposal, at))}
          />
        </li>
      ))}
    </ul>
  );
}
