import { type Pixels, pixelsOf } from "../state/channels";
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
  SuggestionsReply,
  TrainOrder,
  TrainState,
} from "../state/contract";
import { address, ask, get, send } from "./ask";
import { HttpMap } from "./map/http";
import type { ExportOrder, Listener, Place, Source } from "./source";

const enc = encodeURIComponent;

/** The server that served this page. */
export class HttpSource implements Source {
  readonly map = new HttpMap();

  session = () => get<Session>("session");

  async rename(user: string): Promise<void> {
    await send("PUT", "session", { user });
  }

  async plane(image: ImageInfo, at: Place, signal?: AbortSignal): Promise<Pixels> {
    const { t, z, c } = at;
    const response = await ask(address(`images/${enc(image.id)}/plane`, { t, z, c }), signal ? { signal } : {});
    return pixelsOf(await response.arrayBuffer(), image.dtype);
  }

  async patch(image: ImageInfo, at: Place, y: number, x: number, size: number): Promise<Pixels> {
    const { t, z, c } = at;
    const response = await ask(address(`images/${enc(image.id)}/patch`, { t, z, c, y, x, size }));
    return pixelsOf(await response.arrayBuffer(), image.dtype);
  }

  histogram = (image: ImageId, { t, z, c }: Place) => get<Histogram>(`images/${enc(image)}/histogram`, { t, z, c });

  labels = (image?: ImageId) => get<LabelsReply>("labels", image === undefined ? {} : { image });

  async log(after: number): Promise<LogReply> {
    const reply = await get<LogReply>("edits", { after });
    const last = reply.gestures.at(-1);
    if (!reply.more || !last) return reply;
    const rest = await this.log(last.revision);
    return { ...rest, gestures: [...reply.gestures, ...rest.gestures] };
  }

  logBefore = (before: number) => get<LogReply>("edits", { before, mine: true });

  async send(gesture: Gesture, client: string, base: number): Promise<EditsReply> {
    const { gesture: id, undoes, edits } = gesture;
    const response = await send("POST", "edits", { client, base, gesture: id, undoes, edits });
    return (await response.json()) as EditsReply;
  }

  listen(listener: Listener): () => void {
    const events = new EventSource("/api/events");
    const on = (name: string, handle: (data: never) => void) =>
      events.addEventListener(name, (event) => handle(JSON.parse((event as MessageEvent<string>).data) as never));
    events.addEventListener("open", () => listener.connected(true));
    events.addEventListener("error", () => listener.connected(false));
    on("labels", ({ revision }: { revision: number }) => listener.labels(revision));
    on("train", (state) => listener.train(state));
    on("suggest", (state) => listener.suggest(state));
    return () => events.close();
  }

  exportAddress({ format, channels, images, flagged }: ExportOrder): string {
    return address("export", { format, channels: channels.join(","), images: images.join(","), flagged });
  }

  async importFile(image: ImageId, onDuplicate: string, file: Blob): Promise<ImportReply> {
    const path = address("import", { image, on_duplicate: onDuplicate });
    const headers = { "content-type": "application/octet-stream" };
    return (await (await ask(path, { method: "POST", headers, body: file })).json()) as ImportReply;
  }

  async agreement(): Promise<Agreement[]> {
    return (await get<{ pairs: Agreement[] }>("agreement")).pairs;
  }

  train = () => get<TrainState>("train");

  async startTraining(order: TrainOrder): Promise<void> {
    await send("POST", "train", order);
  }

  async stopTraining(): Promise<void> {
    await send("DELETE", "train");
  }

  async startSuggesting(image: ImageId | null, frames: [number, number] | null): Promise<void> {
    await send("POST", "suggest", { images: image === null ? null : [image], frames });
  }

  suggestions = (image: ImageId, t: number) => get<SuggestionsReply>("suggestions", { image, t });

  suggestionQueue = (limit: number) => get<SuggestionsReply>("suggestions/queue", { limit });
}
