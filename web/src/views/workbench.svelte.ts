import { LabelBox } from "../api/labelbox";
import { Planes } from "../api/planes";
import type { Source } from "../api/source";
import { mistake, newClass, turn } from "../state/classes";
import type { Cell, CellClass, CellId, ClassId, Edit, ImageId, Session, TrainState } from "../state/contract";
import { meantCsv } from "../state/declined";
import { follow, LookBack } from "../state/follow";
import { newId } from "../state/id";
import { Labels, type Pending } from "../state/labels";
import { Warnings } from "../state/warnings";
import { Desk } from "./desk.svelte";
import { Guesses } from "./guesses.svelte";
import { Markers } from "./markers.svelte";
import { Viewer } from "./viewer.svelte";

/** Bytes of planes kept in memory. */
const PLANE_BYTES = 768 << 20;
/** Edits of one gesture. */
const MOST_EDITS = 10_000;
/** Cells of two classes nearer than this share of the window are warned of. */
const NEAR = 1 / 8;
/** With more changed cells than this, warnings follow bit by bit. */
const FEW = 1000;
/** Milliseconds of each frame for looking at cells that changed, and how many are looked at between two looks at the clock. */
const SCAN_MS = 2;
const SCAN_STEP = 50;

/** All that the views work on: labels, viewer, suggestions, and the way to the server. */
export class Workbench extends Desk<Pending> {
  readonly labels = new Labels(newId, Date.now);
  readonly viewer: Viewer;
  readonly guesses: Guesses;
  readonly markers = new Markers(this);
  warnings = new Warnings(this.labels, 8);
  /** Rises with every change of a label: what is derived from labels reads it. */
  version = $state(0);
  selected = $state.raw<ReadonlySet<CellId>>(new Set());
  currentClass = $state<ClassId | null>(null);
  training = $state.raw<TrainState | null>(null);
  #box: LabelBox | null = null;
  readonly #lookBack = new LookBack(this.labels);
  #backwards: Promise<void> = Promise.resolve();
  /** Cells to look at for warnings. */
  #unseen: CellId[] = [];

  constructor(source: Source) {
    super(source);
    this.viewer = new Viewer(source, new Planes(source, PLANE_BYTES));
    this.guesses = new Guesses(this);
    this.labels.subscribe((changed) => this.#labelsChanged(changed));
  }

  async start(session: Session): Promise<void> {
    try {
      this.session = session;
      this.labels.user = session.user;
      this.warnings.radius = Math.max(2, session.window * NEAR);
      if (session.images[0]) this.viewer.open(session.images[0]);
      const images = session.images.map(({ id }) => id);
      await this.connect(session, (client) => {
        this.#box = new LabelBox(this.source, this.labels, client, images, (n) => (this.left = n), (image, reason) => {
          this.notices.say("error", `The labels of ${this.#nameOf(image)} are not here: ${reason}`);
        });
        return this.#box;
      });
      this.currentClass ??= this.labels.classes[0]?.id ?? null;
      this.source.listen({
        connected: (is) => this.#connected(is),
        labels: (revision) => revision > this.labels.revision && this.pull(),
        train: (state) => (this.training = state),
        suggest: (state) => this.guesses.progress(state),
      });
      if (session.can_train) this.training = await this.source.train().catch(() => null);
      await this.guesses.refresh();
    } catch (error) {
      this.failure = error instanceof Error ? error.message : String(error);
    }
  }

  // Labels, as views read them.

  get classes(): CellClass[] {
    void this.version;
    return this.labels.classes;
  }

  count(id: ClassId | null): number {
    void this.version;
    return this.labels.count(id);
  }

  countHere(): number {
    void this.version;
    const { image, shown } = this.viewer;
    return image ? this.labels.frames.size(image.id, shown.t, shown.z) : 0;
  }

  cellsHere(): Cell[] {
    void this.version;
    const { image, shown } = this.viewer;
    return image ? this.labels.frames.in(image.id, shown.t, shown.z) : [];
  }

  get selection(): Cell[] {
    void this.version;
    return [...this.selected].map((id) => this.labels.cell(id)).filter((cell) => cell !== undefined);
  }

  classOf(cell: { class: ClassId | null }): CellClass | null {
    void this.version;
    return cell.class === null ? null : (this.labels.class(cell.class) ?? null);
  }

  // Gestures.

  /** One gesture, or a few when it is larger than the server takes at once. */
  do(edits: Edit[]): void {
    if (!this.loaded) {
      this.notices.say("info", "The labels are still on their way.");
      return;
    }
    for (let from = 0; from < edits.length; from += MOST_EDITS) {
      this.push(this.labels.perform(edits.slice(from, from + MOST_EDITS)));
    }
  }

  /** Adds a cell of the current class where the picture that is seen shows it. */
  add(y: number, x: number, classId = this.currentClass, suggestion?: string): Cell | null {
    const { image, shown } = this.viewer;
    if (!image) return null;
    if (classId === null) {
      this.notices.say("warning", "Make a class first: a cell needs one.");
      return null;
    }
    const id = newId();
    const place = { image: image.id, t: shown.t, z: shown.z, y, x, class: classId };
    this.do([{ op: "add", id, ...place, ...(suggestion === undefined ? {} : { suggestion }) }]);
    this.selected = new Set();
    this.#lookBack.restart();
    this.#warn(id);
    return this.labels.cell(id) ?? null;
  }

  move(cells: Cell[], dy: number, dx: number): void {
    const edits = cells
      .filter((cell) => this.viewer.inside(cell.y + dy, cell.x + dx))
      .map((cell): Edit => ({ op: "move", id: cell.id, version: cell.version, y: cell.y + dy, x: cell.x + dx }));
    this.do(edits);
    for (const cell of cells) this.#warn(cell.id);
  }

  /** Also cells that have the class already: who gives it again agrees with who gave it. */
  reclass(cells: Cell[], classId: ClassId | null): void {
    this.do(cells.map((cell) => ({ op: "reclass", id: cell.id, version: cell.version, class: classId })));
    for (const cell of cells) this.#warn(cell.id);
  }

  delete(cells: Cell[]): void {
    this.do(cells.map((cell) => ({ op: "delete", id: cell.id, version: cell.version })));
    this.selected = new Set();
  }

  undo(): void {
    this.#takeBack(() => this.labels.undo() ?? this.#recalled(() => this.labels.undo()), "Nothing to undo.");
  }

  redo(): void {
    const recall = () => (this.labels.history.begun ? null : this.#recalled(() => this.labels.redo()));
    this.#takeBack(() => this.labels.redo() ?? recall(), "Nothing to redo.");
  }

  override get atStake(): number {
    return this.unsent + this.labels.conflicts.length;
  }

  override declinedFile(): { name: string; text: string } {
    const edits = this.declined.flatMap(({ gesture }) => gesture.edits);
    const text = meantCsv(edits, this.labels, this.labels.user, (image) => this.#nameOf(image));
    return { name: `${this.session?.study ?? "study"}_not_taken.csv`, text };
  }

  protected override sizeOf(gesture: Pending): number {
    return gesture.edits.length;
  }

  protected override again(gesture: Pending): boolean {
    const pending = this.labels.perform(gesture.edits);
    this.push(pending);
    return pending !== null;
  }

  decide(conflict: Labels["conflicts"][number], whose: "mine" | "theirs"): void {
    this.push(this.labels.decide(conflict, whose));
    this.forget(conflict.kept);
  }

  // Classes.

  pick(classId: ClassId): void {
    if (this.selected.size > 0) this.reclass(this.selection, classId);
    this.currentClass = classId;
  }

  turnClass(by: number): void {
    this.currentClass = turn(this.labels.classes, this.currentClass, by);
  }

  addClass(name: string): string | null {
    const made = newClass(newId(), name.trim(), this.labels.classes);
    return this.putClass(made);
  }

  /** Null when done, else what is wrong. */
  putClass(changed: CellClass): string | null {
    const wrong = mistake(changed, this.labels.classes);
    if (wrong) return wrong;
    this.do([{ op: "put_class", ...changed, name: changed.name.trim() }]);
    this.currentClass ??= changed.id;
    return null;
  }

  /** Its cells stay, without a class, unless another one takes them. */
  dropClass(id: ClassId, heir: ClassId | null): void {
    if (this.left > 0) {
      this.notices.say("info", "The labels of other images are still on their way.");
      return;
    }
    const edits: Edit[] = [];
    for (const cell of this.labels.cells()) {
      if (cell.class === id) edits.push({ op: "reclass", id: cell.id, version: cell.version, class: heir });
    }
    this.do([...edits, { op: "drop_class", id, reassign: heir }]);
    if (this.currentClass === id) this.currentClass = this.labels.classes[0]?.id ?? null;
  }

  // Where to look.

  openImage(id: ImageId | undefined): void {
    const image = this.session?.images.find((candidate) => candidate.id === id);
    if (!image || image === this.viewer.image) return;
    this.#box?.hurry(image.id);
    this.selected = new Set();
    this.viewer.open(image);
  }

  jump(cell: { id: CellId; image: ImageId; t: number; z: number; y: number; x: number }, select = true): void {
    this.openImage(cell.image);
    this.viewer.go(cell.t, cell.z);
    this.viewer.reveal(cell.y, cell.x);
    if (select) this.selected = new Set([cell.id]);
  }

  /** Selects the next cell of the frame, row by row. */
  step(by: 1 | -1): void {
    const cells = this.cellsHere().sort((a, b) => a.y - b.y || a.x - b.x);
    if (cells.length === 0) return;
    const at = cells.findIndex((cell) => this.selected.has(cell.id));
    const next = cells[at < 0 ? (by > 0 ? 0 : cells.length - 1) : (at + by + cells.length) % cells.length]!;
    this.selected = new Set([next.id]);
    this.viewer.reveal(next.y, next.x);
  }

  /** The selected cells, else the one labelled last, in the next frame. */
  follow(): void {
    const { image, t } = this.viewer;
    if (!image) return;
    const cells = this.selected.size > 0 ? this.selection : this.#lastHere();
    if (cells.length === 0) return this.notices.say("info", "Select a cell to follow it to the next frame.");
    if (t + 1 >= image.shape.t) return this.notices.say("info", "This is the last frame.");
    const next = follow(this.labels, cells, this.warnings.radius);
    this.do(next.edits);
    this.viewer.go(t + 1);
    this.selected = new Set(next.cells);
  }

  /** Shows the cells that were labelled last, one by one. */
  lookBack(): void {
    const cell = this.#lookBack.next();
    if (cell) return this.jump(cell);
    this.#lookBack.restart();
    this.notices.say("info", "No earlier cell: next is the one labelled last.");
  }

  /** The cell labelled last, when it is in the frame that is looked at. */
  #lastHere(): Cell[] {
    const { image, t, z } = this.viewer;
    const last = new LookBack(this.labels).next();
    return last && last.image === image?.id && last.t === t && last.z === z ? [last] : [];
  }

  override async rename(user: string): Promise<void> {
    await super.rename(user);
    this.labels.user = this.session?.user ?? user;
  }

  /** One after the other, as what is taken back may have to be fetched first. */
  #takeBack(take: () => Pending | null | Promise<Pending | null>, nothing: string): void {
    this.#backwards = this.#backwards.then(async () => {
      try {
        const pending = await take();
        if (!pending) this.notices.say("info", nothing);
        this.push(pending);
        this.#follow(pending);
      } catch (error) {
        this.notices.fail(error);
      }
    });
  }

  /** Tries again with more and more of what was done before this page was opened. */
  async #recalled(take: () => Pending | null): Promise<Pending | null> {
    while (this.loaded && (await this.#box?.recall())) {
      const pending = take();
      if (pending) return pending;
    }
    return null;
  }

  #nameOf(image: ImageId): string {
    return this.session?.images.find(({ id }) => id === image)?.name ?? `image ${image}`;
  }

  #labelsChanged(changed: ReadonlySet<string> | null): void {
    if (!changed) {
      this.warnings.clear();
      this.#unseen = [];
    }
    this.markers.touch(changed);
    if (changed && changed.size <= FEW) this.markers.touch(this.warnings.check(changed));
    else this.#checkLater([...(changed ?? this.labels.ids())]);
    if ([...this.selected].some((id) => !this.labels.cell(id))) {
      this.selected = new Set([...this.selected].filter((id) => this.labels.cell(id)));
    }
    this.version++;
  }

  #checkLater(ids: CellId[]): void {
    const idle = this.#unseen.length === 0;
    this.#unseen = [...this.#unseen, ...ids];
    if (idle && ids.length > 0) requestAnimationFrame(() => this.#scan());
  }

  /** Once in a frame: timers would take more of one the longer it takes to draw. */
  #scan(): void {
    const until = performance.now() + SCAN_MS;
    while (this.#unseen.length > 0 && performance.now() < until) {
      this.markers.touch(this.warnings.check(this.#unseen.splice(-SCAN_STEP)));
    }
    if (this.#unseen.length > 0) requestAnimationFrame(() => this.#scan());
    else this.version++;
  }

  #warn(id: CellId): void {
    const cell = this.labels.cell(id);
    const rival = cell && this.warnings.has(id) ? this.labels.frames.rivals(cell, this.warnings.radius)[0] : null;
    if (!rival) return;
    const name = this.classOf(rival)?.name ?? "another class";
    this.notices.say("warning", `Another cell, ${name}, lies at nearly the same place: one cell has one class.`);
  }

  /** Shows what an undo or redo changed, or where it was. */
  #follow(pending: Pending | null): void {
    const { labels } = this;
    const first = pending?.edits.map(({ id }) => labels.cell(id) ?? labels.deleted(id)).find((cell) => cell !== undefined);
    if (first) this.jump(first, false);
  }

  #connected(is: boolean): void {
    if (!this.reconnected(is)) return;
    this.viewer.refetch();
    // What was told meanwhile was told to nobody.
    void this.source.train().then((state) => (this.training = state)).catch(() => undefined);
    void this.guesses.refresh();
  }
}
