import type { ProposedCategory } from "@/api/generated";
import * as m from "@/messages/taxonomy";
import { Badge } from "@/ui/badge";
import { Button } from "@/ui/button";
import { fromLines, toLines } from "./draft-edits";
import { below, type Findings, Lines, Told } from "./field";
import { Names } from "./names";
import styles from "./taxonomy.module.css";

interface CategoryEditorProps {
  entry: ProposedCategory;
  /** What it takes over from the base. */
  origin: readonly string[];
  /** An id that labels have is for ever. */
  fixedId: boolean;
  findings: Findings;
  /** Others that can be merged into it, by their place. */
  others: readonly { at: number; name: string }[];
  onEdit: (changes: Partial<ProposedCategory>) => void;
  onMerge: (from: number) => void;
  onSplit: () => void;
  onRemove: () => void;
}

export function CategoryEditor({ entry, origin, fixedId, findings, ...rest }: CategoryEditorProps) {
  const errors = findings.filter(({ severity }) => severity === "error").length;
  const taken = origin.filter((id) => id !== entry.id);
  const shown = entry.name || entry.id;
  return (
    <details className={styles.entry} open={entry.name === undefined || entry.name === ""}>
      <summary>
        <span className={styles.name}>{shown}</span>{" "}
        <span className={styles.quiet}>{m.examplesOf(entry.examples?.length ?? 0)}</span>{" "}
        {origin.length === 0 && <Badge tone="accent">{m.newEntry}</Badge>}
        {taken.length > 0 && <Badge tone="neutral">{m.takesOver(taken)}</Badge>}
        {errors > 0 && <Badge tone="danger">{m.problems}</Badge>}
      </summary>
      <Names entry={entry} fixedId={fixedId} findings={findings} onEdit={rest.onEdit} />
      <Texts entry={entry} findings={findings} onEdit={rest.onEdit} />
      <Told findings={below(findings, "was")} />
      <Deeds name={shown} {...rest} />
    </details>
  );
}

type PartProps = Pick<CategoryEditorProps, "entry" | "findings" | "onEdit">;

function Texts({ entry, findings, onEdit }: PartProps) {
  return (
    <>
      {(["includes", "excludes", "examples"] as const).map((field) => (
        <Lines
          key={field}
          label={m.texts[field]}
          rows={field === "examples" ? 6 : 3}
          value={toLines(entry[field])}
          findings={below(findings, field)}
          onChange={(value) => onEdit({ [field]: fromLines(value) })}
        />
      ))}
      <label className={styles.check}>
        <input
          type="checkbox"
          checked={entry.no_examples ?? false}
          onChange={(event) => onEdit({ no_examples: event.target.checked })}
        />
        {m.noExamples}
      </label>
    </>
  );
}

type DeedsProps = Pick<CategoryEditorProps, "others" | "onMerge" | "onSplit" | "onRemove"> & {
  name: string;
};

function Deeds({ name, others, onMerge, onSplit, onRemove }: DeedsProps) {
  return (
    <div className={styles.row}>
      <label className={styles.choice}>
        {m.mergeInto}
        <select value="" onChange={(event) => onMerge(Number(event.target.value))}>
          <option value="">{m.mergeNone}</option>
          {others.map((other) => (
            <option key={other.at} value={other.at}>
              {other.name}
            </option>
          ))}
        </select>
      </label>
      <Button aria-label={m.splitOne(name)} onClick={onSplit}>
        {m.split}
      </Button>
      <Button aria-label={m.removeOne(name)} onClick={onRemove}>
        {m.remove}
      </Button>
    </div>
  );
}
