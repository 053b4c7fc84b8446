import type { ReactNode } from "react";
import * as m from "@/messages/taxonomy";
import { below, Field, type Findings } from "./field";
import styles from "./taxonomy.module.css";

interface Named {
  id: string;
  name?: string;
  definition?: string;
}

interface NamesProps {
  entry: Named;
  /** An id that labels have is for ever. */
  fixedId: boolean;
  findings: Findings;
  onEdit: (changes: Partial<Named>) => void;
  /** What else stands beside name and id. */
  children?: ReactNode;
}

/** How an entry is called, and what it means. */
export function Names({ entry, fixedId, findings, onEdit, children }: NamesProps) {
  return (
    <>
      <div className={styles.row}>
        <Field label={m.name} findings={below(findings, "name")}>
          {(attributes) => (
            <input
              {...attributes}
              value={entry.name ?? ""}
              onChange={(event) => onEdit({ name: event.target.value })}
            />
          )}
        </Field>
        <Field label={m.id} findings={below(findings, "id")}>
          {(attributes) => (
            <input
              {...attributes}
              readOnly={fixedId}
              value={entry.id}
              onChange={(event) => onEdit({ id: event.target.value })}
            />
          )}
        </Field>
        {children}
      </div>
      <Field label={m.definition} findings={below(findings, "definition")}>
        {(attributes) => (
          <textarea
            {...attributes}
            rows={2}
            value={entry.definition ?? ""}
            onChange={(event) => onEdit({ definition: event.target.value })}
          />
        )}
      </Field>
    </>
  );
}
