import { Link } from "@tanstack/react-router";
import * as m from "@/messages/shell";
import styles from "./brand.module.css";

export function Brand() {
  return (
    <Link to="/" className={styles.brand}>
      <svg aria-hidden="true" width="18" height="18" viewBox="0 0 18 18">
        <path className={styles.ribbon} d="M3 1h12v16l-6-4.6L3 17z" />
        <path className={styles.fold} d="M9.5 1H15v5.5z" />
      </svg>
      {m.product}
    </Link>
  );
}
