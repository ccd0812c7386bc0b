import { type Planes, planeKey } from "../api/planes";
import type { Source } from "../api/source";
import type { PlaneTexture } from "../draw/textures";
import type { Stage } from "../draw/stage";
import { fit, type Size } from "../state/camera";
import { autoLimits, channelsLike, type ChannelView, channelViews } from "../state/channels";
import type { Histogram, ImageId, ImageInfo } from "../state/contract";
import { wanted } from "../state/prefetch";
import { Sight } from "./sight.svelte";

const AHEAD = 6;
const BEHIND = 2;
/** Time between two frames of a movie that plays, in milliseconds. */
const PLAY_EVERY = 100;

/** Which image, frame and part of it is looked at, and how its channels are shown. */
export class Viewer extends Sight {
  image = $state.raw<ImageInfo | null>(null);
  /** The frame asked for. `shown` follows as soon as its planes are there: clicks go to what is seen. */
  t = $state(0);
  z = $state(0);
  shown = $state.raw({ t: 0, z: 0 });
  channels = $state<ChannelView[]>([]);
  histograms = $state.raw<(Histogram | null)[]>([]);
  playing = $state(false);
  error = $state<string | null>(null);
  /** Counts planes that became ready to draw. */
  arrived = $state(0);
  stage: Stage | null = null;
  #direction: 1 | -1 = 1;
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #settings = new Map<ImageId, ChannelView[]>();

  constructor(
    readonly source: Source,
    readonly planes: Planes,
  ) {
    super();
  }

  override get imageSize(): Size {
    return { height: this.image?.shape.y ?? 1, width: this.image?.shape.x ?? 1 };
  }

  get late(): boolean {
    return this.shown.t !== this.t || this.shown.z !== this.z;
  }

  /** How the channels of an image are shown: of the open one as they are set now, else as they were left. */
  channelsOf(image: ImageInfo): ChannelView[] {
    return image.id === this.image?.id ? this.channels : (this.#settings.get(image.id) ?? channelViews(image));
  }

  open(image: ImageInfo): void {
    const last = this.image;
    if (last) this.#settings.set(last.id, $state.snapshot(this.channels));
    const first = () => (last ? channelsLike(image, last, $state.snapshot(this.channels)) : channelViews(image));
    const channels = this.#settings.get(image.id) ?? first();
    this.playing = false;
    this.image = image;
    this.channels = channels;
    this.histograms = image.channels.map(() => null);
    [this.t, this.z] = [0, 0];
    this.shown = { t: 0, z: 0 };
    this.camera = fit(this.imageSize, this.size);
    this.#fetch();
    void this.measure();
  }

  go(t: number, z = this.z): void {
    const { image } = this;
    if (!image) return;
    const next = Math.min(image.shape.t - 1, Math.max(0, t));
    if (next !== this.t) this.#direction = next > this.t ? 1 : -1;
    this.t = next;
    this.z = Math.min(image.shape.z - 1, Math.max(0, z));
    this.#fetch();
  }

  play(on: boolean): void {
    this.playing = on;
    clearTimeout(this.#timer);
    if (!on) return;
    const tick = () => {
      const n = this.image?.shape.t ?? 1;
      // A frame that is late is waited for: what plays is what was measured, without gaps.
      if (!this.late) this.go((this.t + 1) % n);
      if (this.playing) this.#timer = setTimeout(tick, PLAY_EVERY);
    };
    tick();
  }

  inside(y: number, x: number): boolean {
    const { height, width } = this.imageSize;
    return y >= -0.5 && x >= -0.5 && y < height - 0.5 && x < width - 0.5;
  }

  /** Histograms of the frame; limits follow where nobody has set them. */
  async measure(): Promise<void> {
    const { image, t, z } = this;
    if (!image) return;
    await Promise.all(
      image.channels.map(async (_, c) => {
        const histogram = await this.source.histogram(image.id, { t, z, c }).catch(() => null);
        if (this.image !== image || !histogram) return;
        this.histograms = this.histograms.with(c, histogram);
        const view = this.channels[c];
        if (view?.auto) Object.assign(view, autoLimits(histogram));
      }),
    );
  }

  /** Planes to draw: those of the frame asked for when all are there, else those of the last. */
  scene(): { plane: PlaneTexture; view: ChannelView }[] {
    return this.#ready(this.t, this.z) ?? this.#ready(this.shown.t, this.shown.z) ?? [];
  }

  /** Called when planes may have arrived. */
  catchUp(): void {
    const { t, z } = this;
    if (this.late && this.#ready(t, z)) {
      this.shown = { t, z };
    }
  }

  #ready(t: number, z: number): { plane: PlaneTexture; view: ChannelView }[] | null {
    const { image, stage } = this;
    if (!image || !stage) return null;
    const planes: { plane: PlaneTexture; view: ChannelView }[] = [];
    for (const [c, view] of this.channels.entries()) {
      if (!view.shown) continue;
      const plane = stage.textures.get(planeKey(image, { t, z, c }));
      if (!plane) return null;
      planes.push({ plane, view });
    }
    return planes;
  }

  /** Brings the frame asked for, then its neighbours. */
  #fetch(): void {
    const { image, t, z } = this;
    if (!image) return;
    const channels = [...this.channels.entries()].filter(([, view]) => view.shown).map(([c]) => c);
    const neighbours = wanted(t, image.shape.t, this.#direction, AHEAD, BEHIND);
    const keys = [t, ...neighbours].flatMap((frame) => channels.map((c) => planeKey(image, { t: frame, z, c })));
    this.planes.keepOnly(new Set(keys));
    const urgent = Promise.all(channels.map((c) => this.#bring(image, t, z, c, true)));
    urgent.then(
      () => void this.#neighbours(image, neighbours, z, channels),
      (error: unknown) => {
        if (!(error instanceof DOMException)) this.error = error instanceof Error ? error.message : String(error);
      },
    );
    this.catchUp();
  }

  /** Shown channels changed: what is missing is fetched. */
  refetch(): void {
    this.#fetch();
  }

  async #neighbours(image: ImageInfo, frames: number[], z: number, channels: number[]): Promise<void> {
    const { t } = this;
    for (const frame of frames) {
      if (this.image !== image || this.t !== t || this.z !== z) return;
      await Promise.all(channels.map((c) => this.#bring(image, frame, z, c, false))).catch(() => {});
    }
  }

  async #bring(image: ImageInfo, t: number, z: number, c: number, urgent: boolean): Promise<void> {
    const pixels = await this.planes.load(image, { t, z, c });
    this.error = null;
    const key = planeKey(image, { t, z, c });
    this.stage?.textures.add(key, pixels, image.shape.y, image.shape.x, urgent, () => this.arrived++);
    // Wakes the drawing loop, which uploads in strips.
    this.arrived++;
  }
}
