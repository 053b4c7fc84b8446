import { Link } from "@tanstack/react-router";
import * as m from "@/messages/shell";
import { Icon } from "@/ui/icons";
import styles from "./navigation.module.css";

/** The screens in their order, with the second key of `g` + key. */
export const screens = [
  { name: "week", to: "/w/$workspace", key: "w" },
  { name: "themes", to: "/w/$workspace/themes", key: "t" },
  { name: "stories", to: "/w/$workspace/stories", key: "s" },
  { name: "conversations", to: "/w/$workspace/conversations", key: "c" },
  { name: "review", to: "/w/$workspace/review", key: "l" },
  { name: "taxonomy", to: "/w/$workspace/taxonomy", key: "x" },
  { name: "runs", to: "/w/$workspace/runs", key: "r" },
  { name: "coverage", to: "/w/$workspace/coverage", key: "v" },
  { name: "accuracy", to: "/w/$workspace/accuracy", key: "a" },
  { name: "cost", to: "/w/$workspace/cost", key: "o" },
] as const;

interface NavigationProps {
  workspace: string;
  onChoose?: () => void;
}

export function Navigation({ workspace, onChoose }: NavigationProps) {
  return (
    <nav aria-label={m.navigation}>
      <ul className={styles.list}>
        {screens.map(({ name, to }) => (
          <li key={name}>
            <Link
              to={to}
              params={{ workspace }}
              activeOptions={{ exact: name === "week" }}
              className={styles.link}
              onClick={onChoose}
            >
              <Icon name={name} />
              {m.screens[name]}
            </Link>
          </li>
        ))}
      </ul>
    </nav>
  );
}
