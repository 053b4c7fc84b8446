import type { ProposedArea } from "@/api/generated";
import * as m from "@/messages/taxonomy";
import { Button } from "@/ui/button";
import { fromLines, toLines } from "./draft-edits";
import { below, Field, type Findings, Lines, Told } from "./field";
import { Names } from "./names";
import styles from "./taxonomy.module.css";

interface AreaEditorProps {
  entry: ProposedArea;
  areas: readonly ProposedArea[];
  fixedId: boolean;
  findings: Findings;
  onEdit: (changes: Partial<ProposedArea>) => void;
  onRemove: () => void;
}

export function AreaEditor({ entry, areas, fixedId, findings, onEdit, onRemove }: AreaEditorProps) {
  const shown = entry.name || entry.id;
  return (
    <details className={styles.entry} open={!entry.name || findings.length > 0}>
      <summary>
        <span className={styles.name}>{shown}</span>{" "}
        <span className={styles.quiet}>{(entry.patterns ?? []).join(", ")}</span>
      </summary>
      <Names entry={entry} fixedId={fixedId} findings={findings} onEdit={onEdit}>
        <Field label={m.parent} findings={below(findings, "parent_id")}>
          {(attributes) => (
            <select
              {...attributes}
              value={entry.parent_id ?? ""}
              onChange={(event) => onEdit({ parent_id: event.target.value || null })}
            >
              <option value="">{m.noParent}</option>
              {areas
                .filter(({ id }) => id !== entry.id)
                .map(({ id, name }) => (
                  <option key={id} value={id}>
                    {name || id}
                  </option>
                ))}
            </select>
          )}
        </Field>
      </Names>
      <Lines
        label={m.patterns}
        value={toLines(entry.patterns)}
        findings={below(findings, "patterns")}
        onChange={(value) => onEdit({ patterns: fromLines(value) })}
      />
      <Told findings={below(findings, "was")} />
      <div className={styles.row}>
        <Button aria-label={m.removeOne(shown)} onClick={onRemove}>
          {m.remove}
        </Button>
      </div>
    </details>
  );
}
