import { cx } from "@/ui/cx";
import { Icon } from "@/ui/icons";
import styles from "./review-screen.module.css";

interface Option {
  key: string;
  name: string;
  hint?: string | undefined;
  /** The name is a customer's words. */
  foreign?: boolean;
  chosen: boolean;
  choose: () => void;
}

interface ChoicesProps {
  title: string;
  options: readonly Option[];
  /** The keys that choose them, in their order; none while another group has them. */
  keys: readonly string[];
  empty?: string;
}

/** A group of answers, each a button that says whether it is chosen. */
export function Choices({ title, options, keys, empty }: ChoicesProps) {
  return (
    <fieldset className={styles.group}>
      <legend>
        {title} {keys.length === 0 && options.length > 0 && <kbd>t</kbd>}
      </legend>
      {options.length === 0 && <p className={styles.quiet}>{empty}</p>}
      <ul className={styles.options}>
        {options.map((option, at) => (
          <li key={option.key}>
            <button
              type="button"
              aria-pressed={option.chosen}
              title={option.hint}
              className={cx(styles.option, option.chosen && styles.chosen)}
              onClick={option.choose}
            >
              {keys[at] && <kbd>{keys[at]}</kbd>}
              <span dir={option.foreign ? "auto" : undefined} className={styles.name}>
                {option.name}
              </span>
              {option.chosen && <Icon name="check" />}
            </button>
          </li>
        ))}
      </ul>
    </fieldset>
  );
}
