import styles from "./command.module.css";
import { CopyButton } from "./copy-button";

/** A command to type, with a button that copies it. */
export function Command({ text }: { text: string }) {
  return (
    <div className={styles.command}>
      <code>{text}</code>
      <CopyButton text={() => text} />
    </div>
  );
}
