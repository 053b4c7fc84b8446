import type { ReactNode } from "react";
import styles from "./badge.module.css";
import { cx } from "./cx";
import { Icon, type IconName } from "./icons";

export type Tone =
  | "plain"
  | "neutral"
  | "accent"
  | "rise"
  | "fresh"
  | "fall"
  | "caution"
  | "danger";

interface BadgeProps {
  tone?: Tone;
  icon?: IconName;
  title?: string;
  children: ReactNode;
}

/** A word with a meaning; colour and icon only repeat what it says. */
export function Badge({ tone = "neutral", icon, title, children }: BadgeProps) {
  return (
    <span className={cx(styles.badge, styles[tone])} title={title}>
      {icon && <Icon name={icon} size={12} />}
      {children}
    </span>
  );
}
