/** The nouns that page and server share. Coordinates are pixels, the centre of the first pixel is 0; y before x. */

export type ImageId = string | number;
export type CellId = string;
export type ClassId = string;

export interface Channel {
  name: string;
  /** `#rrggbb`, or null when the file names none. */
  color: string | null;
}

export interface ImageInfo {
  id: ImageId;
  name: string;
  shape: { t: number; z: number; c: number; y: number; x: number };
  dtype: "uint8" | "uint16" | "float32";
  channels: Channel[];
  /** Micrometres per pixel. */
  pixel_um: number | null;
  frame_seconds: number | null;
}

export interface Session {
  version: string;
  user: string;
  study: string;
  /** Side of the square cut around a cell, in pixels. */
  window: number;
  can_train: boolean;
  images: ImageInfo[];
}

export interface CellClass {
  id: ClassId;
  name: string;
  /** `#rrggbb`. */
  color: string;
  shape: string;
  hotkey: number | null;
  /** How many cells are wanted. */
  target: number | null;
  position: number;
}

export interface Cell {
  id: CellId;
  image: ImageId;
  t: number;
  z: number;
  y: number;
  x: number;
  /** null: not labelled. */
  class: ClassId | null;
  by: string;
  /** 1 when added; each applied edit adds 1. */
  version: number;
  /** The window around it hangs over the border of the image. */
  flagged: boolean;
}

export type Edit =
  | {
      op: "add";
      id: CellId;
      image: ImageId;
      t: number;
      z: number;
      y: number;
      x: number;
      class: ClassId | null;
      suggestion?: string;
    }
  | { op: "move"; id: CellId; version: number; y: number; x: number; t?: number; z?: number }
  | { op: "reclass"; id: CellId; version: number; class: ClassId | null }
  | { op: "delete"; id: CellId; version: number }
  | { op: "restore"; id: CellId; version: number }
  | ({ op: "put_class" } & CellClass)
  | { op: "drop_class"; id: ClassId; reassign: ClassId | null };

/** One gesture of the user: applied whole, undone whole. */
export interface Gesture {
  gesture: string;
  undoes: string | null;
  edits: Edit[];
}

export interface Refusal {
  index: number;
  reason: string;
  /** What stands there now. */
  current: Cell | CellClass | null;
}

export interface LoggedEdit {
  op: Edit["op"];
  id: string;
  before: Cell | CellClass | null;
  after: Cell | CellClass | null;
}

export interface LoggedGesture {
  gesture: string;
  revision: number;
  by: string;
  at: string;
  undoes: string | null;
  edits: LoggedEdit[];
}

export interface EditsReply {
  revision: number;
  gesture: string;
  applied: { id: string; version?: number }[];
  refused: Refusal[];
  /** What others did after the base. */
  since: LoggedGesture[];
  /** So much that it is left out: ask for the log. */
  more?: boolean;
}

export interface LogReply {
  revision: number;
  gestures: LoggedGesture[];
  /** There is more after the last of them. */
  more?: boolean;
}

export interface CellColumns {
  id: CellId[];
  image: ImageId[];
  t: number[];
  z: number[];
  y: number[];
  x: number[];
  class: (ClassId | null)[];
  by: string[];
  version: number[];
  flagged: boolean[];
}

export interface LabelsReply {
  revision: number;
  classes: CellClass[];
  cells: CellColumns;
}

export interface Histogram {
  min: number;
  max: number;
  /** 0.1 and 99.9 percentile. */
  p_low: number;
  p_high: number;
  edges_from: number;
  edges_to: number;
  counts: number[];
}

export interface Suggestion {
  id: string;
  image: ImageId;
  t: number;
  z: number;
  y: number;
  x: number;
  p: number[];
  class: ClassId | null;
  /** Probability of the first class less that of the second. */
  margin: number;
}

export interface Epoch {
  epoch: number;
  loss: number;
  val_loss: number | null;
  accuracy: number;
  val_accuracy: number | null;
}

export interface Confusion {
  classes: string[];
  /** Rows are the truth. */
  counts: number[][];
}

export interface TrainState {
  running: boolean;
  stopping: boolean;
  classes: string[];
  preset: string;
  epochs: number | null;
  epoch: number;
  history: Epoch[];
  confusion: Confusion | null;
  model: string | null;
  error: string | null;
}

export interface TrainOrder {
  classes: ClassId[] | null;
  preset: string;
  epochs: number | null;
  seed: number;
}

export interface SuggestState {
  running: boolean;
  done: number;
  total: number;
  error: string | null;
}

export interface Agreement {
  a: string;
  b: string;
  n: number;
  kappa: number | null;
  confusion: Confusion;
}
