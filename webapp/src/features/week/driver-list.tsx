import { Link } from "@tanstack/react-router";
import type { Week } from "@/api/generated";
import { useWorkspace } from "@/app/workspace-context";
import * as m from "@/messages/week";
import { Empty } from "@/ui/states";
import { DriverItem } from "./driver-item";
import styles from "./driver-list.module.css";

export function DriverList({ week }: { week: Week }) {
  const { path } = useWorkspace();
  const { drivers, since, until } = week;
  if (drivers.length === 0 || !since || !until) {
    return (
      <Empty title={m.noDrivers}>
        <p>{m.noDriversText}</p>
      </Empty>
    );
  }
  return (
    <>
      <ol className={styles.list}>
        {drivers.map((driver, at) => (
          <DriverItem
            key={driver.theme.id}
            driver={driver}
            rank={at + 1}
            since={since}
            until={until}
          />
        ))}
      </ol>
      <p className={styles.all}>
        <Link to="/w/$workspace/themes" params={path}>
          {m.allThemes}
        </Link>
      </p>
    </>
  );
}
