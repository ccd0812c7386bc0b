/** What a key does. One table for each kind of work: the key handler and the help read it. */
export interface Binding<C extends string = string> {
  keys: string[];
  command: C;
  help: string;
  group: string;
}

export type Command =
  | "frame_next"
  | "frame_previous"
  | "frame_first"
  | "frame_last"
  | "plane_up"
  | "plane_down"
  | "play"
  | "class_next"
  | "class_previous"
  | "class_pick"
  | "cell_add"
  | "cell_delete"
  | "cell_next"
  | "cell_previous"
  | "cell_follow"
  | "cell_last"
  | "cell_up"
  | "cell_down"
  | "cell_left"
  | "cell_right"
  | "select_all"
  | "select_none"
  | "undo"
  | "redo"
  | "cursor_up"
  | "cursor_down"
  | "cursor_left"
  | "cursor_right"
  | "zoom_in"
  | "zoom_out"
  | "zoom_fit"
  | "zoom_pixel"
  | "markers"
  | "suggestion_next"
  | "suggestion_accept"
  | "suggestion_skip"
  | "help";

export const DIGITS = [..."123456789"];

export const BINDINGS: Binding<Command>[] = [
  { keys: ["ArrowRight"], command: "frame_next", help: "next frame", group: "Frames" },
  { keys: ["ArrowLeft"], command: "frame_previous", help: "previous frame", group: "Frames" },
  { keys: ["Home"], command: "frame_first", help: "first frame", group: "Frames" },
  { keys: ["End"], command: "frame_last", help: "last frame", group: "Frames" },
  { keys: ["ArrowUp", "PageUp"], command: "plane_up", help: "plane above (z)", group: "Frames" },
  { keys: ["ArrowDown", "PageDown"], command: "plane_down", help: "plane below (z)", group: "Frames" },
  { keys: ["p"], command: "play", help: "play and pause", group: "Frames" },
  { keys: ["."], command: "class_next", help: "next class", group: "Classes" },
  { keys: [","], command: "class_previous", help: "previous class", group: "Classes" },
  {
    keys: DIGITS,
    command: "class_pick",
    help: "pick a class; give it to the selected cells or to the suggestion",
    group: "Classes",
  },
  { keys: ["n"], command: "suggestion_next", help: "next unsure suggestion", group: "Suggestions" },
  { keys: ["Enter"], command: "suggestion_accept", help: "accept the suggestion", group: "Suggestions" },
  { keys: ["s"], command: "suggestion_skip", help: "leave the suggestion for later", group: "Suggestions" },
  { keys: [" "], command: "cell_add", help: "add a cell at the cursor", group: "Cells" },
  { keys: ["Backspace", "Delete"], command: "cell_delete", help: "delete the selected cells", group: "Cells" },
  { keys: ["]"], command: "cell_next", help: "select the next cell of the frame", group: "Cells" },
  { keys: ["["], command: "cell_previous", help: "select the previous cell of the frame", group: "Cells" },
  { keys: ["d"], command: "cell_follow", help: "the same cells in the next frame, at the same place", group: "Cells" },
  { keys: ["b"], command: "cell_last", help: "back to the cell labelled last, then to the one before", group: "Cells" },
  { keys: ["Ctrl+ArrowUp", "Meta+ArrowUp"], command: "cell_up", help: "move the selected cells up by a pixel", group: "Cells" },
  { keys: ["Ctrl+ArrowDown", "Meta+ArrowDown"], command: "cell_down", help: "move them down", group: "Cells" },
  { keys: ["Ctrl+ArrowLeft", "Meta+ArrowLeft"], command: "cell_left", help: "move them left", group: "Cells" },
  { keys: ["Ctrl+ArrowRight", "Meta+ArrowRight"], command: "cell_right", help: "move them right", group: "Cells" },
  { keys: ["a"], command: "select_all", help: "select all cells of the frame", group: "Cells" },
  { keys: ["Escape"], command: "select_none", help: "select nothing", group: "Cells" },
  { keys: ["Ctrl+z", "Meta+z"], command: "undo", help: "undo", group: "Cells" },
  { keys: ["Ctrl+y", "Ctrl+Shift+z", "Meta+Shift+z"], command: "redo", help: "redo", group: "Cells" },
  { keys: ["Shift+ArrowUp"], command: "cursor_up", help: "move the cursor up", group: "View" },
  { keys: ["Shift+ArrowDown"], command: "cursor_down", help: "move the cursor down", group: "View" },
  { keys: ["Shift+ArrowLeft"], command: "cursor_left", help: "move the cursor left", group: "View" },
  { keys: ["Shift+ArrowRight"], command: "cursor_right", help: "move the cursor right", group: "View" },
  { keys: ["+", "="], command: "zoom_in", help: "zoom in", group: "View" },
  { keys: ["-"], command: "zoom_out", help: "zoom out", group: "View" },
  { keys: ["0", "f"], command: "zoom_fit", help: "whole image", group: "View" },
  { keys: ["z"], command: "zoom_pixel", help: "one image pixel on one screen pixel", group: "View" },
  { keys: ["h"], command: "markers", help: "hide and show markers", group: "View" },
  { keys: ["?"], command: "help", help: "this page", group: "View" },
];

interface Press {
  key: string;
  ctrlKey: boolean;
  metaKey: boolean;
  shiftKey: boolean;
  altKey: boolean;
}

/** Finds the command of a press in a table. */
export function commandsOf<C extends string>(bindings: Binding<C>[]): (press: Press) => C | null {
  const byKey = new Map(bindings.flatMap((binding) => binding.keys.map((key) => [key, binding.command] as const)));
  return (press) => {
    if (press.altKey) return null;
    const letter = press.key.length === 1 ? press.key.toLowerCase() : press.key;
    const held = `${press.ctrlKey ? "Ctrl+" : ""}${press.metaKey ? "Meta+" : ""}`;
    // Shift is part of characters such as "?" and "+", and held on purpose with arrows and with Ctrl.
    const shift = press.shiftKey && (press.key.length > 1 || held !== "") ? "Shift+" : "";
    return byKey.get(held + shift + letter) ?? null;
  };
}

export const commandOf = commandsOf(BINDINGS);

/** A key as people read it. */
export function shownKey(key: string): string {
  const names: Record<string, string> = {
    ArrowRight: "→",
    ArrowLeft: "←",
    ArrowUp: "↑",
    ArrowDown: "↓",
    " ": "Space",
    Escape: "Esc",
    Backspace: "⌫",
    Delete: "Del",
    Meta: "⌘",
    PageUp: "PgUp",
    PageDown: "PgDn",
    Shift: "⇧",
  };
  return key === "+" ? key : key.split("+").map((part) => names[part] ?? (part.length === 1 ? part.toUpperCase() : part)).join(" ");
}
