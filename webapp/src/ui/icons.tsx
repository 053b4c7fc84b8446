// Earmark's own icons: 16 × 16, drawn with a line of 1.5 in the colour of the text.

const paths = {
  week: "M2.5 6.5h11M4.5 2v2m7-2v2M3.5 3.5h9a1 1 0 0 1 1 1v8a1 1 0 0 1-1 1h-9a1 1 0 0 1-1-1v-8a1 1 0 0 1 1-1Z",
  themes: "M2.5 3h5v4.5h-5zM10 3h3.5v4.5H10zM2.5 10h3.5v3.5H2.5zM8.5 10h5v3.5h-5z",
  conversations: "M2.5 3.5h11v7.5H8l-3 2.5V11H2.5z",
  stories: "M4 2.5h6l2.5 2.5v8.5H4zM6.5 7h4m-4 3h4",
  runs: "M13.5 8a5.5 5.5 0 1 1-1.7-4M12 1.5v2.7H9.3",
  coverage: "M8 2.2l5 1.8v4c0 3-2.2 4.9-5 6-2.8-1.1-5-3-5-6V4zM5.8 8l1.6 1.6L10.4 6.5",
  accuracy:
    "M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12ZM8 10.7a2.7 2.7 0 1 0 0-5.4 2.7 2.7 0 0 0 0 5.4ZM8 8h.01",
  taxonomy: "M2.5 2.5h4v3h-4zM9.5 6.5h4v3h-4zM9.5 11h4v3h-4zM4.5 5.5v7h5M4.5 8h5",
  review: "M3 3.5h6M3 7h4M3 10.5h3M8.5 10.5l2 2 3.5-4.5",
  cost: "M8 2v12M11 4.5C10 3.6 9 3.3 8 3.3c-1.7 0-3 .8-3 2.2 0 3 6 1.7 6 4.9 0 1.5-1.4 2.3-3 2.3-1.2 0-2.3-.4-3.2-1.3",
  menu: "M2.5 4h11M2.5 8h11M2.5 12h11",
  close: "M4 4l8 8M12 4l-8 8",
  keyboard: "M2 4.5h12v7.5H2zM4.5 7h.01M7 7h.01M9.5 7h.01M11.7 7h.01M5 9.7h6",
  rising: "M8 13V3.5M4 7l4-4 4 4",
  falling: "M8 3v9.5M4 9l4 4 4-4",
  fresh: "M8 2.5v11M2.5 8h11M4.2 4.2l7.6 7.6M11.8 4.2l-7.6 7.6",
  unclear: "M2.5 9.5c1.8-3 3.7-3 5.5-1.5s3.7 1.5 5.5-1.5",
  down: "M4 6.2l4 4 4-4",
  right: "M6.2 4l4 4-4 4",
  up: "M4 9.8l4-4 4 4",
  copy: "M5.5 5.5h8v8h-8zM10.5 5.5v-3h-8v8h3",
  check: "M3 8.5l3.2 3.2L13 4.8",
  search: "M7 11.5a4.5 4.5 0 1 0 0-9 4.5 4.5 0 0 0 0 9ZM10.3 10.3l3.2 3.2",
  customer:
    "M8 7.5a2.7 2.7 0 1 0 0-5.4 2.7 2.7 0 0 0 0 5.4ZM2.8 14c.4-2.9 2.5-4.3 5.2-4.3s4.8 1.4 5.2 4.3",
  teammate: "M3 9.5V8a5 5 0 0 1 10 0v1.5M3 9h2v3.5H3zM11 9h2v3.5h-2zM13 12.5c0 1-1.5 1.5-4 1.5",
  bot: "M3.5 5.5h9v7h-9zM8 5.5v-3M6 8.5v1M10 8.5v1M1.5 8v2M14.5 8v2",
  note: "M4.5 7h7v6h-7zM6 7V5a2 2 0 0 1 4 0v2",
  clip: "M11.5 6.5l-4.7 4.7a1.8 1.8 0 0 1-2.5-2.5l5-5a2.9 2.9 0 0 1 4.1 4.1l-5.2 5.2",
  play: "M5 3.2v9.6L12.5 8z",
  stop: "M4 4h8v8H4z",
  warning: "M8 2.5l6 11H2zM8 6.5v3.2M8 11.6h.01",
  open: "M5 11l6-6M6 5h5v5",
  clock: "M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12ZM8 4.7V8l2.3 1.5",
  filter: "M2.5 4h11M4.5 8h7M6.5 12h3",
  light:
    "M8 11a3 3 0 1 0 0-6 3 3 0 0 0 0 6ZM8 1.5v1.3M8 13.2v1.3M1.5 8h1.3M13.2 8h1.3M3.4 3.4l.9.9M11.7 11.7l.9.9M3.4 12.6l.9-.9M11.7 4.3l.9-.9",
  dark: "M13 9.8A5.5 5.5 0 0 1 6.2 3a5.5 5.5 0 1 0 6.8 6.8Z",
  system: "M2 3h12v8H2zM6 13.5h4M8 11v2.5",
} as const;

export type IconName = keyof typeof paths;

interface IconProps {
  name: IconName;
  size?: number;
}

/** Always beside a word, or inside a control that has a name: so hidden from screen readers. */
export function Icon({ name, size = 16 }: IconProps) {
  return (
    <svg
      aria-hidden="true"
      width={size}
      height={size}
      viewBox="0 0 16 16"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.5"
      strokeLinecap="round"
      strokeLinejoin="round"
    >
      <path d={paths[name]} />
    </svg>
  );
}
