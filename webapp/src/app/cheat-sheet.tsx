import { Fragment, useState } from "react";
import { createPortal } from "react-dom";
import * as m from "@/messages/shell";
import { Button } from "@/ui/button";
import { Dialog } from "@/ui/dialog";
import styles from "./cheat-sheet.module.css";
import { screens } from "./navigation";
import { setShortcutsEnabled, useShortcuts, useShortcutsEnabled } from "./shortcuts";

const groups: readonly [string, readonly [readonly string[], string][]][] = [
  [
    m.keyGroups.everywhere,
    [
      [["?"], m.keyMeanings.help],
      ...screens.map(({ name, key }): [readonly string[], string] => [
        ["g", key],
        m.goTo(m.screens[name]),
      ]),
    ],
  ],
  [
    m.keyGroups.lists,
    [
      [["j"], m.keyMeanings.next],
      [["k"], m.keyMeanings.previous],
      [["Enter"], m.keyMeanings.open],
      [["/"], m.keyMeanings.search],
    ],
  ],
  [
    m.keyGroups.thread,
    [
      [["j"], m.keyMeanings.nextMessage],
      [["k"], m.keyMeanings.previousMessage],
      [["c"], m.keyMeanings.correct],
    ],
  ],
  [
    m.keyGroups.review,
    [
      [["1 … 0"], m.keyMeanings.choose],
      [["t"], m.keyMeanings.group],
      [["Enter"], m.keyMeanings.save],
      [["s"], m.keyMeanings.skip],
      [["u"], m.keyMeanings.undo],
    ],
  ],
];

/** The button and the list of keys that it opens; `?` opens it too, where the side is hidden. */
export function CheatSheet() {
  const [open, setOpen] = useState(false);
  const enabled = useShortcutsEnabled();
  useShortcuts({ "?": () => setOpen(true) });
  return (
    <>
      <Button look="quiet" icon="keyboard" onClick={() => setOpen(true)}>
        {m.keysHint}
      </Button>
      {createPortal(
        <Dialog open={open} onClose={() => setOpen(false)} title={m.keys}>
          {groups.map(([title, keys]) => (
            <section key={title} className={styles.group}>
              <h3>{title}</h3>
              <dl className={styles.keys}>
                {keys.map(([names, meaning]) => (
                  <div key={meaning} className={styles.row}>
                    <dt>
                      {names.map((name, at) => (
                        <Fragment key={name}>
                          {at > 0 && <span className={styles.then}>{m.thenKey}</span>}
                          <kbd className={styles.key}>{name}</kbd>
                        </Fragment>
                      ))}
                    </dt>
                    <dd>{meaning}</dd>
                  </div>
                ))}
              </dl>
            </section>
          ))}
          <label className={styles.setting}>
            <input
              type="checkbox"
              checked={enabled}
              onChange={(event) => setShortcutsEnabled(event.target.checked)}
            />
            {m.keysEnabled}
          </label>
        </Dialog>,
        document.body,
      )}
    </>
  );
}
