import { useId } from "react";
import * as m from "@/messages/shell";
import { Icon } from "@/ui/icons";
import { chooseScheme, schemes, useScheme } from "./scheme";
import styles from "./scheme-switch.module.css";

/** System, light or dark; kept in this browser. */
export function SchemeSwitch() {
  const scheme = useScheme();
  const name = useId();
  return (
    <fieldset className={styles.switch}>
      <legend className="visually-hidden">{m.appearance}</legend>
      {schemes.map((option) => (
        <label key={option} className={styles.option} title={m.schemes[option]}>
          <input
            type="radio"
            name={name}
            className="visually-hidden"
            checked={scheme === option}
            onChange={() => chooseScheme(option)}
          />
          <Icon name={option} size={14} />
          <span className="visually-hidden">{m.schemes[option]}</span>
        </label>
      ))}
    </fieldset>
  );
}
