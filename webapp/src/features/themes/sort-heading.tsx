import { getRouteApi } from "@tanstack/react-router";
import { cx } from "@/ui/cx";
import { Icon } from "@/ui/icons";
import { currentOrder, orderAfterClick } from "./arrangement";
import type { SortKey } from "./search";
import styles from "./theme-table.module.css";

const route = getRouteApi("/w/$workspace/themes");

interface SortHeadingProps {
  sort: SortKey;
  label: string;
  hint?: string;
  className?: string;
}

/** A column heading that sorts the table; a second press turns the order round. */
export function SortHeading({ sort, label, hint, className }: SortHeadingProps) {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const order = currentOrder(search);
  const active = order.sort === sort;
  const direction = order.dir === "asc" ? "ascending" : "descending";
  const click = () =>
    void navigate({
      search: (now) => ({ ...now, ...orderAfterClick(now, sort) }),
      replace: true,
      resetScroll: false,
    });
  return (
    <th scope="col" className={className} aria-sort={active ? direction : undefined}>
      <button
        type="button"
        className={cx(styles.sort, active && styles.sorted)}
        title={hint}
        onClick={click}
      >
        {label}
        {active && <Icon name={order.dir === "asc" ? "up" : "down"} size={12} />}
      </button>
    </th>
  );
}
