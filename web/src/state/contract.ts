/**
 * The nouns that page and server share, by the names of the page. `schema.d.ts` is generated from the server's OpenAPI document
 * (`npm run types`). Coordinates are pixels, the centre of the first pixel is 0; y before x.
 */
import type { components } from "./schema";

type Schemas = components["schemas"];

export type Session = Schemas["Session"];
export type ImageInfo = Schemas["Image"];
export type ImageId = ImageInfo["id"];
export type Histogram = Schemas["Histogram"];
export type CellClass = Schemas["Class"];
export type ClassId = CellClass["id"];
/** `version` is 1 when added, and each applied edit adds 1; `class` null: not labelled. */
export type Cell = Schemas["Cell"];
export type CellId = Cell["id"];
type Whole<T> = { [K in keyof T]-?: Exclude<T[K], undefined> };
/** The server takes an edit without z or class; the page always says them. */
export type Edit =
  | (Whole<Omit<Schemas["Add"], "suggestion">> & { suggestion?: string })
  | (Omit<Schemas["Move"], "t" | "z"> & { t?: number; z?: number })
  | Schemas["Reclass"]
  | Schemas["Delete"]
  | Schemas["Restore"]
  | ({ op: "put_class" } & CellClass)
  | Schemas["DropClass"];
/** One gesture of the user: applied whole, undone whole. */
export interface Gesture {
  gesture: string;
  undoes: string | null;
  edits: Edit[];
}
export type Refusal = Schemas["Refused"];
export type LoggedGesture = Schemas["LoggedGesture"];
export type LoggedEdit = LoggedGesture["edits"][number];
export type EditsReply = Schemas["Answer"];
export type LogReply = Schemas["Log"];
export type LabelsReply = Schemas["Labels"];
export type SuggestionsReply = Schemas["Suggestions"];
export type Suggestion = SuggestionsReply["cells"][number];
export type SuggestState = Schemas["SuggestState"];
export type TrainOrder = Schemas["TrainOrder"];
export type TrainState = Schemas["TrainState"];
export type Epoch = Schemas["Epoch"];
export type Confusion = Schemas["Counts"];
export type Agreement = Schemas["Agreement"]["pairs"][number];
export type ImportReply = Schemas["Imported"];
