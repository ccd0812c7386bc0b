import { type Binding, commandsOf, DIGITS } from "../keys";

export type MapCommand =
  | "pan_up"
  | "pan_down"
  | "pan_left"
  | "pan_right"
  | "zoom_in"
  | "zoom_out"
  | "zoom_fit"
  | "thumbs"
  | "cursor_up"
  | "cursor_down"
  | "cursor_left"
  | "cursor_right"
  | "look"
  | "tool_pan"
  | "tool_lasso"
  | "tool_box"
  | "select_cursor"
  | "select_sight"
  | "select_invert"
  | "select_none"
  | "mark_all"
  | "outliers"
  | "class_give"
  | "class_none"
  | "undo"
  | "redo"
  | "help";

export const MAP_BINDINGS: Binding<MapCommand>[] = [
  { keys: ["ArrowUp"], command: "pan_up", help: "move up", group: "Map" },
  { keys: ["ArrowDown"], command: "pan_down", help: "move down", group: "Map" },
  { keys: ["ArrowLeft"], command: "pan_left", help: "move left", group: "Map" },
  { keys: ["ArrowRight"], command: "pan_right", help: "move right", group: "Map" },
  { keys: ["+", "="], command: "zoom_in", help: "zoom in", group: "Map" },
  { keys: ["-"], command: "zoom_out", help: "zoom out", group: "Map" },
  { keys: ["0", "f"], command: "zoom_fit", help: "whole map", group: "Map" },
  { keys: ["t"], command: "thumbs", help: "pictures or points", group: "Map" },
  { keys: ["m"], command: "tool_pan", help: "drag moves the map", group: "Select" },
  { keys: ["l"], command: "tool_lasso", help: "drag draws a line around cells", group: "Select" },
  { keys: ["b"], command: "tool_box", help: "drag draws a box around cells", group: "Select" },
  { keys: ["v"], command: "select_sight", help: "select what is in sight", group: "Select" },
  { keys: [" "], command: "select_cursor", help: "select the cell under the cursor, or no longer", group: "Select" },
  { keys: ["i"], command: "select_invert", help: "select all others", group: "Select" },
  { keys: ["Escape"], command: "select_none", help: "no marks; then no selection", group: "Select" },
  { keys: ["Shift+ArrowUp"], command: "cursor_up", help: "cursor up", group: "Cursor" },
  { keys: ["Shift+ArrowDown"], command: "cursor_down", help: "cursor down", group: "Cursor" },
  { keys: ["Shift+ArrowLeft"], command: "cursor_left", help: "cursor left", group: "Cursor" },
  { keys: ["Shift+ArrowRight"], command: "cursor_right", help: "cursor right", group: "Cursor" },
  { keys: ["Enter"], command: "look", help: "look at the cell under the cursor, and at its neighbours", group: "Cursor" },
  { keys: ["a"], command: "mark_all", help: "mark all cells of the montage", group: "New classes" },
  { keys: DIGITS, command: "class_give", help: "give a class to the marked cells", group: "New classes" },
  { keys: ["Backspace", "Delete"], command: "class_none", help: "take the new class away", group: "New classes" },
  { keys: ["Ctrl+z", "Meta+z"], command: "undo", help: "undo", group: "New classes" },
  { keys: ["Ctrl+y", "Ctrl+Shift+z", "Meta+Shift+z"], command: "redo", help: "redo", group: "New classes" },
  { keys: ["o"], command: "outliers", help: "outliers first", group: "More" },
  { keys: ["?"], command: "help", help: "this page", group: "More" },
];

export const mapCommandOf = commandsOf(MAP_BINDINGS);
