import type { Pixels } from "../state/channels";
import type {
  Agreement,
  EditsReply,
  Gesture,
  Histogram,
  ImageId,
  ImageInfo,
  ImportReply,
  LabelsReply,
  LogReply,
  Session,
  SuggestState,
  SuggestionsReply,
  TrainOrder,
  TrainState,
} from "../state/contract";
import type { MapSource } from "./map/source";

export interface Place {
  t: number;
  z: number;
  c: number;
}

/** What the server tells by itself. */
export interface Listener {
  connected(is: boolean): void;
  labels(revision: number): void;
  train(state: TrainState): void;
  suggest(state: SuggestState): void;
}

export type ExportFormat = "annotation" | "crops" | "csv" | "fiji" | "napari" | "coco";

export interface ExportOrder {
  format: ExportFormat;
  channels: number[];
  images: ImageId[];
  flagged: boolean;
}

/** Where the page's data come from: the server, or made-up ones for trying the page without it. */
export interface Source {
  /** Where a map of cells is explored instead of labelled. */
  readonly map: MapSource;
  session(): Promise<Session>;
  rename(user: string): Promise<void>;
  plane(image: ImageInfo, at: Place, signal?: AbortSignal): Promise<Pixels>;
  patch(image: ImageInfo, at: Place, y: number, x: number, size: number): Promise<Pixels>;
  histogram(image: ImageId, at: Place): Promise<Histogram>;
  /** Of one image; else of all. */
  labels(image?: ImageId): Promise<LabelsReply>;
  /** What everybody did after a revision. */
  log(after: number): Promise<LogReply>;
  /** The last that this labeller did before a revision. */
  logBefore(before: number): Promise<LogReply>;
  send(gesture: Gesture, client: string, base: number): Promise<EditsReply>;
  listen(listener: Listener): () => void;
  exportAddress(order: ExportOrder): string;
  importFile(image: ImageId, onDuplicate: "skip" | "add", file: Blob): Promise<ImportReply>;
  agreement(): Promise<Agreement[]>;
  train(): Promise<TrainState>;
  startTraining(order: TrainOrder): Promise<void>;
  stopTraining(): Promise<void>;
  startSuggesting(image: ImageId | null, frames: [number, number] | null): Promise<void>;
  suggestions(image: ImageId, t: number): Promise<SuggestionsReply>;
  suggestionQueue(limit: number): Promise<SuggestionsReply>;
}

/** The server answered, and said no. */
export class Refused extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
  ) {
    super(message);
  }

  /** Trying again later may help: the server is busy, or its disk is full. */
  get passing(): boolean {
    return this.status === 503 || this.status === 429 || this.status === 408;
  }

  /** Asking the same again is no use. A page that is no longer known (403) may be let in again. */
  get final(): boolean {
    return !this.passing && this.status !== 403;
  }
}
