import type { InputHTMLAttributes } from "react";
import { cx } from "./cx";
import styles from "./text-field.module.css";

interface TextFieldProps extends InputHTMLAttributes<HTMLInputElement> {
  label: string;
  /** The label stands before the input, not above it. */
  beside?: boolean;
}

/** A short text with its label. */
export function TextField({ label, beside = false, ...input }: TextFieldProps) {
  return (
    <label className={cx(styles.field, beside && styles.beside)}>
      {label}
      <input {...input} />
    </label>
  );
}
