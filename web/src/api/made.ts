import { ceiling, cut, type Pixels } from "../state/channels";
import type {
  Agreement,
  EditsReply,
  Epoch,
  Gesture,
  Histogram,
  ImageId,
  ImageInfo,
  ImportReply,
  LabelsReply,
  LogReply,
  Session,
  SuggestionsReply,
  TrainState,
} from "../state/contract";
import { Ledger } from "./ledger";
import { MadeMap } from "./map/made";
import type { Listener, Place, Source } from "./source";

const N_NUCLEI = 90;
const SIDE = 512;

const MOVIE: ImageInfo = {
  id: 1,
  name: "made-up movie",
  shape: { t: 40, z: 1, c: 2, y: SIDE, x: SIDE },
  dtype: "uint16",
  channels: [
    { name: "H2B-GFP", color: null },
    { name: "brightfield", color: null },
  ],
  pixel_um: 0.33,
  frame_seconds: 240,
};

const IDLE: TrainState = {
  running: false,
  stopping: false,
  classes: [],
  preset: "default",
  epochs: null,
  epoch: 0,
  history: [],
  confusion: null,
  model: null,
  notes: [],
  error: null,
};

/** A repeatable share of one for whole numbers. */
function noise(a: number, b: number): number {
  const s = Math.sin(a * 127.1 + b * 311.7) * 43758.5453;
  return s - Math.floor(s);
}

function nucleus(i: number, t: number): { y: number; x: number; radius: number } {
  const drift = (k: number) => noise(i, k) * SIDE + (noise(i, k + 9) - 0.5) * 4 * t;
  return { y: (drift(1) + SIDE) % SIDE, x: (drift(2) + SIDE) % SIDE, radius: 7 + 6 * noise(i, 3) };
}

/** A study that needs no server: for trying the page while writing it (`npm run dev`, then `?made`). */
export class MadeSource implements Source {
  ledger = new Ledger();
  user = "you";
  readonly map: MadeMap;
  /** `nCells` are put in when it starts, to see how many the page bears; with `nMapped` a map is explored instead. */
  constructor(nCells = 0, readonly nMapped = 0) {
    this.map = new MadeMap(nMapped);
    if (nCells === 0) return;
    const color = "#56b4e9";
    const c = { id: "many", name: "Many", color, shape: "circle", hotkey: 1, target: null, position: 0 };
    const edits: Gesture["edits"] = [{ op: "put_class", ...c }];
    for (let i = 0; i < nCells; i++) {
      const [y, x] = [noise(i, 5) * SIDE, noise(i, 6) * SIDE];
      edits.push({ op: "add", id: `cell ${i}`, image: MOVIE.id, t: 0, z: 0, y, x, class: "many" });
    }
    this.ledger.write({ gesture: "first", undoes: null, edits }, "somebody", 0);
  }

  session = async (): Promise<Session> => ({
    version: "made up",
    user: this.user,
    study: "made",
    window: 64,
    can_train: this.nMapped === 0,
    images: this.nMapped === 0 ? [MOVIE] : [],
    views: this.nMapped === 0 ? ["label", "train", "review", "files"] : ["map", "montage", "confusion", "plate"],
  });

  rename = async (user: string) => void (this.user = user);

  async plane(image: ImageInfo, { t, c }: Place): Promise<Pixels> {
    const pixels = new Uint16Array(image.shape.y * image.shape.x);
    for (let i = 0; i < pixels.length; i++) pixels[i] = 400 + 200 * noise(i, t + 100 * c);
    for (let i = 0; i < N_NUCLEI; i++) {
      const { y, x, radius } = nucleus(i, t);
      const bright = c === 0 ? 9000 * (0.6 + 0.4 * noise(i, 4)) : 1500;
      const reach = Math.ceil(radius * 2);
      for (let row = Math.max(0, Math.floor(y) - reach); row < Math.min(SIDE, y + reach); row++) {
        for (let column = Math.max(0, Math.floor(x) - reach); column < Math.min(SIDE, x + reach); column++) {
          const d = Math.hypot(row - y, (column - x) * (0.8 + 0.4 * noise(i, 7))) / radius;
          const grain = 0.75 + 0.25 * noise(Math.floor(row / 2) * 91 + i, Math.floor(column / 2));
          const at = row * SIDE + column;
          pixels[at] = Math.min(65535, pixels[at]! + (bright * grain) / (1 + Math.exp(9 * (d - 1))));
        }
      }
    }
    return pixels;
  }

  async patch(image: ImageInfo, at: Place, y: number, x: number, size: number): Promise<Pixels> {
    return cut(await this.plane(image, at), image.shape.y, image.shape.x, y, x, size);
  }

  async histogram(_: ImageId, at: Place): Promise<Histogram> {
    const pixels = (await this.plane(MOVIE, at)).slice().sort();
    const counts = new Array<number>(256).fill(0);
    for (const value of pixels) counts[Math.floor((value / (ceiling("uint16") + 1)) * 256)]! += 1;
    const at_ = (share: number) => pixels[Math.floor(share * (pixels.length - 1))]!;
    return {
      min: at_(0),
      max: at_(1),
      p_low: at_(0.001),
      p_high: at_(0.999),
      edges_from: 0,
      edges_to: 65536,
      counts,
    };
  }

  labels = async (image?: ImageId): Promise<LabelsReply> => this.ledger.labels(image);
  log = async (after: number): Promise<LogReply> => this.ledger.log(after);
  logBefore = async (before: number): Promise<LogReply> => this.ledger.logBefore(before, this.user);

  async send(gesture: Gesture, _client: string, base: number): Promise<EditsReply> {
    return this.ledger.write(gesture, this.user, base);
  }

  listen(listener: Listener): () => void {
    listener.connected(true);
    return () => {};
  }

  exportAddress = () => "#";

  async importFile(): Promise<ImportReply> {
    return { added: 0, skipped: 0, outside: 0, revision: this.ledger.revision };
  }

  agreement = async (): Promise<Agreement[]> => [
    {
      a: "you",
      b: "Ann",
      n: 60,
      kappa: 0.81,
      confusion: { classes: ["Interphase", "Metaphase"], counts: [[40, 3], [2, 15]] },
    },
  ];

  async train(): Promise<TrainState> {
    const history = Array.from({ length: 24 }, (_, i): Epoch => {
      const left = Math.exp(-i / 7);
      const val = left * 1.1 + 0.1 + 0.05 * noise(i, 2);
      return { epoch: i + 1, loss: left * 1.4, val_loss: val, accuracy: 1 - left * 0.7, val_accuracy: 0.95 - left * 0.6, val_macro_f1: null };
    });
    const confusion = {
      classes: ["Interphase", "Prometaphase", "Metaphase", "Anaphase", "Apoptosis"],
      counts: [[40, 1, 0, 0, 2], [2, 17, 1, 0, 0], [0, 1, 21, 1, 0], [0, 0, 2, 12, 0], [1, 0, 0, 0, 9]],
    };
    return { ...IDLE, running: true, epoch: 24, epochs: 60, classes: confusion.classes, history, confusion };
  }

  startTraining = async () => {};
  stopTraining = async () => {};
  startSuggesting = async () => {};

  async suggestions(image: ImageId, t: number): Promise<SuggestionsReply> {
    const classes = this.ledger.labels().classes;
    const cells = Array.from({ length: classes.length > 0 ? 30 : 0 }, (_, i) => {
      const { y, x } = nucleus(i, t);
      const p = classes.map((_, k) => (k === i % classes.length ? 0.5 + noise(i, 8) / 2 : 0.1));
      const chosen = classes[i % classes.length]!.id;
      return { id: `${t}/${i}`, image, t, z: 0, y, x, p, class: chosen, margin: noise(i, 8) };
    });
    return { model: null, classes: classes.map((c) => c.name), cells };
  }

  suggestionQueue = async () => this.suggestions(MOVIE.id, 0);
}
