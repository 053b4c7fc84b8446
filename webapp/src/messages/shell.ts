export const product = "Earmark";
export const tabTitle = (page: string): string => `${page} · Earmark`;
export const skip = "Skip to the content";
export const navigation = "Main";
export const openMenu = "Open the menu";
export const workspace = "Workspace";
export const unknownWorkspace = "Workspace not found";

export const screens = {
  week: "This week",
  themes: "Themes",
  conversations: "Conversations",
  stories: "Stories",
  review: "Review",
  taxonomy: "Taxonomy",
  runs: "Runs",
  coverage: "Coverage",
  accuracy: "Accuracy",
  cost: "Cost",
} as const;

export const dataNotice = "About this data";
export const sampleTitle = "Sample data.";
export const sampleText =
  "These conversations are invented, so that you can try everything without a key.";
export const fileTitle = "Data from a file.";
export const fileText = "These conversations were not fetched from Intercom.";

export const appearance = "Appearance";
export const schemes = { system: "System", light: "Light", dark: "Dark" } as const;

export const keys = "Keyboard shortcuts";
export const keysHint = "Keys";
export const keysEnabled = "Single-letter shortcuts";
export const keyGroups = {
  everywhere: "Everywhere",
  lists: "In lists",
  thread: "In a conversation",
  review: "In the review queue",
};
export const keyMeanings = {
  help: "Show this list",
  search: "Go to the filter",
  next: "Next",
  previous: "Previous",
  open: "Open",
  nextMessage: "Next message",
  previousMessage: "Previous message",
  correct: "Correct the category",
  choose: "Choose the first, second … answer",
  group: "Between category and themes",
  save: "Save and next",
  skip: "Skip",
  undo: "Take the last answer or skip back",
};
export const thenKey = "then";
export const goTo = (screen: string): string => `Go to ${screen}`;

export const noWorkspaceTitle = "There is nothing to show yet";
export const noWorkspaceLead =
  "Earmark has not read any conversations on this machine. Choose how to begin:";
export const startDemo = "Try it on a sample workspace: no key, no network, a minute or two.";
export const startReal =
  "Read your own Intercom workspace. Set `INTERCOM_ACCESS_TOKEN` first; `earmark doctor` says what is missing.";
export const demoCommand = "earmark demo";
export const runCommand = "earmark run";
export const comesByItself = "This page goes on by itself as soon as there is a workspace.";
