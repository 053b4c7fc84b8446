import { type ReactNode, useEffect, useRef } from "react";
import * as m from "@/messages/controls";
import { IconButton } from "./button";
import { cx } from "./cx";
import styles from "./dialog.module.css";

interface DialogProps {
  open: boolean;
  onClose: () => void;
  title: string;
  /** A drawer comes from the left edge and is as high as the screen. */
  look?: "box" | "drawer";
  children: ReactNode;
}

/** The browser's own modal dialog: it keeps the focus, closes on Escape, hides what is behind. */
export function Dialog({ open, onClose, title, look = "box", children }: DialogProps) {
  const ref = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const dialog = ref.current;
    if (open && dialog && !dialog.open) dialog.showModal();
    if (!open && dialog?.open) dialog.close();
  }, [open]);
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: a click beside it closes it; Escape does too
    <dialog
      ref={ref}
      className={cx(styles.dialog, styles[look])}
      aria-label={title}
      onClose={onClose}
      onClick={(event) => event.target === ref.current && onClose()}
    >
      {open && (
        <div className={styles.body}>
          <div className={styles.head}>
            <h2>{title}</h2>
            <IconButton icon="close" label={m.close} onClick={onClose} />
          </div>
          {children}
        </div>
      )}
    </dialog>
  );
}
