import { amount, count } from "./format";

export const title = "Taxonomy";
export const lead =
  "What conversations are sorted into. An edit is a draft first: see what it would do, then apply it; it can be taken back.";
export const empty = "No taxonomy yet";
export const emptyText =
  "The first run makes one: the default categories, and areas from your tags.";
export const toRuns = "Go to runs";
export const edit = "Edit";
export const continueDraft = "Go on with the draft";
export const starting = "Opening…";

export const version = "Version";
export const versionName = (number: number, current: boolean): string =>
  current ? `Version ${number} (newest)` : `Version ${number}`;
export const compare = "Beside it";
export const compareNone = "No other version";
export const perWeek = "Conversations per week";
export const perWeekNote = (unread: number): string =>
  unread === 0
    ? "The last twelve weeks. A person's label counts before a machine's."
    : `The last twelve weeks. A person's label counts before a machine's. ${amount(
        unread,
        "conversation was",
        "conversations were",
      )} never read under the version.`;
export const category = "Category";
export const inVersion = (number: number): string => `Version ${number}`;
export const sumOf = (number: number): string => `Sum, version ${number}`;
export const noCounts = "Nothing was read in the last twelve weeks.";

export const categories = "Categories";
export const areas = "Product areas";
export const noAreas = "No product areas.";
export const texts = {
  includes: "Belongs here",
  excludes: "Belongs elsewhere",
  examples: "Examples",
} as const;
export const examplesOf = (number: number): string => amount(number, "example", "examples");
export const patterns = "Tags and paths";

export const versions = "Versions";
export const made = "Made";
export const note = "Note";
export const change = "Change";
export const changeName = (id: number): string => `Change ${id}`;
export const changes = "Changes";
export const status = "Status";
export const statuses = {
  draft: "Draft",
  applied: "Applied",
  reverted: "Reverted",
  discarded: "Discarded",
} as const;

// ---------------------------------------------------------------- one change

export const backToTaxonomy = "Taxonomy";
export const ofVersion = (number: number): string => `Made of version ${number}.`;
export const becameVersion = (number: number): string => `It is version ${number}.`;
export const revertedAs = (number: number): string => `It was taken back by version ${number}.`;
export const toRun = "See its replay";

export const saving = "Saving…";
export const saved = "All edits are saved.";
export const unsaved = "Not saved yet";
export const staleTitle = "Somebody else has edited this draft.";
export const reload = "Read it again";

export const whatChanges = "What changes";
export const nothingChanges = "Nothing yet.";
export const kinds = {
  add: "Added",
  rename: "Renamed",
  redefine: "Redefined",
  merge: "Merged",
  split: "Split",
  move: "Moved",
  reorder: "Reordered",
  retire: "Retired",
} as const;
export const operationEnds = (before: readonly string[], after: readonly string[]): string =>
  [before, after]
    .filter((ids) => ids.length > 0)
    .map((ids) => ids.join(", "))
    .filter((text, at, all) => all.indexOf(text) === at)
    .join(" → ");
export const problems = "To be settled first";
export const warnings = "Worth knowing";

export const noteLabel = "What the change is for";
export const id = "Id";
export const name = "Name";
export const definition = "Definition";
export const onePerLine = "one per line";
export const noExamples = "No examples, known by its definition alone";
export const parent = "Part of";
export const noParent = "Nothing: at the top";
export const addCategory = "Add a category";
export const addArea = "Add an area";
export const newEntry = "New";
export const removeOne = (what: string): string => `Retire ${what}`;
export const remove = "Retire";
export const splitOne = (what: string): string => `Split ${what}`;
export const split = "Split";
export const mergeInto = "Merge another one into this";
export const mergeNone = "Choose …";
export const takesOver = (ids: readonly string[]): string => `Takes over: ${ids.join(", ")}`;

export const preview = "Preview";
export const previewAgain = "Preview again";
export const previewText =
  "Fits a model under the draft and reads the last twelve weeks with it and with the present one. Nothing is changed.";
export const previewStale = "The draft was edited since: this shows what it said before.";
export const previewing = (done: number, total: number): string =>
  total > 0 ? `Reading: ${count(done)} of ${count(total)} conversations` : "Waiting for a worker…";
export const previewProgress = "Progress of the preview";
export const cancelPreview = "Stop";
export const previewFailed = "No preview came of it.";
export const sampled = (read: number, all: number): string =>
  read === all
    ? `All ${amount(all, "conversation", "conversations")} of the last twelve weeks were read.`
    : `${count(read)} of the ${count(all)} conversations of the last twelve weeks were read.`;
export const moved = "What moves";
export const movedText = (number: number): string =>
  `${amount(number, "conversation", "conversations")} would move that the draft does not itself rename.`;
export const nothingMoves = "No conversation would move.";
export const now = "Now";
export const afterwards = "Then";
export const conversations = "Conversations";
export const meant = "as the draft says";
export const exampleList = "Such as";
export const withoutWords = "(no words)";
export const matrix = "Now against then";
export const matrixNote = "Rows: as they are labelled now. Columns: as the draft would label them.";
export const effect = "Effect on the last twelve weeks";
export const effectNote = "Estimated from what was read, scaled to each week.";
export const certainty = "Certainty";
export const cannotTell = "Cannot tell";
export const confidence = "Mean confidence";
export const fromTo = (before: string, after: string): string => `${before} → ${after}`;
export const labels = "Labels by people";
export const labelKept = "kept";
export const labelAside = "put aside; a revert brings them back";
export const becomes = "Become";
export const replay = "The replay";
export const replayReads = "Reads again";
export const replayTime = "Takes about";
export const unknown = "not known";
export const replayModel = "Asks a model";
export const offline = "no";
export const replayCost = "Costs at most";

export const apply = "Apply";
export const applyTitle = "Apply this change?";
export const applyText = (version: number): string =>
  `It becomes version ${version}, and all conversations are read again with it. A revert brings the present one back.`;
export const applyUnseen = "There is no preview of what it says now.";
export const discard = "Discard";
export const discardTitle = "Discard this draft?";
export const discardText = "It stays in the list of changes, and is not applied.";
export const revert = "Revert";
export const revertTitle = "Take this change back?";
export const revertText =
  "What was before becomes the newest version, and all conversations are read again with it. Labels by people that the change had put aside come back.";
export const back = "Back";
export const noChange = "There is no such change.";
