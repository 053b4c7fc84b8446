import type { KeyboardEvent, ReactNode, Ref } from "react";
import { cx } from "./cx";
import styles from "./filters.module.css";
import { Icon } from "./icons";

interface FiltersProps {
  /** How much is left, announced when it changes. */
  summary?: string;
  /** Where there is little room: the name of what opens them. */
  foldedUnder?: string;
  children: ReactNode;
}

/** A row of filters above a list. */
export function Filters({ summary, foldedUnder, children }: FiltersProps) {
  return (
    <search className={styles.filters}>
      {foldedUnder ? (
        <details className={styles.folded}>
          <summary>
            <Icon name="filter" size={14} /> {foldedUnder}
          </summary>
          <div className={styles.filters}>{children}</div>
        </details>
      ) : (
        children
      )}
      {summary && (
        <p className={styles.summary} role="status">
          {summary}
        </p>
      )}
    </search>
  );
}

/** Filters that belong together, and stay on one line. */
export function FilterGroup({ children }: { children: ReactNode }) {
  return <div className={styles.group}>{children}</div>;
}

interface TextFilterProps {
  ref?: Ref<HTMLInputElement>;
  label: string;
  placeholder: string;
  value: string;
  onChange: (value: string) => void;
}

/** Enter and Escape go back to the list, whose keys then work; what was typed stays. */
function leaveOnKey(event: KeyboardEvent<HTMLInputElement>): void {
  if (event.key !== "Enter" && event.key !== "Escape") return;
  event.preventDefault();
  event.currentTarget.blur();
}

export function TextFilter({ ref, label, placeholder, value, onChange }: TextFilterProps) {
  return (
    <div className={styles.text}>
      <Icon name="search" size={14} />
      <input
        ref={ref}
        type="search"
        aria-label={label}
        placeholder={placeholder}
        aria-keyshortcuts="/"
        value={value}
        onChange={(event) => onChange(event.target.value)}
        onKeyDown={leaveOnKey}
      />
    </div>
  );
}

export interface ChoiceOption {
  value: string;
  name: string;
}

interface ChoiceProps {
  label: string;
  /** The name of having no filter. */
  all: string;
  value: string | undefined;
  options: readonly ChoiceOption[];
  onChange: (value: string | undefined) => void;
}

/** One of several, or all; a value that is not among the options is kept and shown as it is. */
export function Choice({ label, all, value, options, onChange }: ChoiceProps) {
  const foreign = value !== undefined && !options.some((option) => option.value === value);
  return (
    <select
      className={cx(styles.choice, value !== undefined && styles.active)}
      aria-label={label}
      value={value ?? ""}
      onChange={(event) => onChange(event.target.value || undefined)}
    >
      <option value="">{all}</option>
      {foreign && <option value={value}>{value}</option>}
      {options.map((option) => (
        <option key={option.value} value={option.value}>
          {option.name}
        </option>
      ))}
    </select>
  );
}

interface DateFilterProps {
  label: string;
  /** A moment in ISO 8601. */
  value: string | undefined;
  onChange: (value: string | undefined) => void;
}

/** A day; it begins at midnight UTC, as the days of all counts do. */
export function DateFilter({ label, value, onChange }: DateFilterProps) {
  const change = (day: string) => {
    if (day === "") onChange(undefined);
    else if (!Number.isNaN(Date.parse(day))) onChange(new Date(day).toISOString());
  };
  return (
    <label className={styles.date}>
      {label}
      <input
        type="date"
        className={cx(styles.choice, value !== undefined && styles.active)}
        value={value?.slice(0, 10) ?? ""}
        onChange={(event) => change(event.target.value)}
      />
    </label>
  );
}
