import { type ReactNode, useId } from "react";
import type { Finding } from "@/api/generated";
import * as m from "@/messages/taxonomy";
import styles from "./taxonomy.module.css";

export type Findings = readonly Finding[];

/** Those of one place and all below it. */
export const below = (findings: Findings, ...place: (string | number)[]): Finding[] =>
  findings.filter(({ place: at }) => place.every((part, depth) => at[depth] === part));

interface FieldProps {
  label: string;
  hint?: string;
  findings: Findings;
  children: (attributes: {
    id: string;
    "aria-describedby": string | undefined;
    "aria-invalid": boolean;
  }) => ReactNode;
}

/** A control with its name, and what is wrong with its value right below it. */
export function Field({ label, hint, findings, children }: FieldProps) {
  const id = useId();
  const told = findings.length > 0 ? `${id}-told` : undefined;
  return (
    <div className={styles.field}>
      <label htmlFor={id}>
        {label}
        {hint && ` (${hint})`}
      </label>
      {children({
        id,
        "aria-describedby": told,
        "aria-invalid": findings.some(({ severity }) => severity === "error"),
      })}
      {told && <Told id={told} findings={findings} />}
    </div>
  );
}

export function Told({ id, findings }: { id?: string; findings: Findings }) {
  return (
    <div id={id}>
      {findings.map(({ severity, place, what, why, fix }) => (
        <p key={place.join(".") + what} className={styles[severity]}>
          {what} {why} {fix}
        </p>
      ))}
    </div>
  );
}

interface LinesProps {
  label: string;
  value: string;
  rows?: number;
  findings: Findings;
  onChange: (value: string) => void;
}

/** Texts, a line each. */
export function Lines({ label, value, rows = 3, findings, onChange }: LinesProps) {
  return (
    <Field label={label} hint={m.onePerLine} findings={findings}>
      {(attributes) => (
        <textarea
          {...attributes}
          rows={rows}
          dir="auto"
          value={value}
          onChange={(event) => onChange(event.target.value)}
        />
      )}
    </Field>
  );
}
