import type { ImageId, LabelsReply, LoggedGesture } from "../state/contract";
import { isWhole } from "../state/history";
import type { Labels, Pending } from "../state/labels";
import type { Outbox, Sent } from "./outbox";
import { Refused, type Source } from "./source";

/** Milliseconds until an image's labels are asked for again after the server could not be reached. */
const AGAIN = 1000;

/**
 * The labels of a study on their way. The first image's come first, so that the page can be worked on; the others follow one
 * image after the other. The log of what was done before is fetched in parts, from its end, when undo gets there.
 */
export class LabelBox implements Outbox<Pending> {
  /** Resolves when the labels of all images are here. */
  whole: Promise<void> = Promise.resolve();
  readonly #first: Promise<LabelsReply>;
  readonly #missing: ImageId[];
  /** Undo knows the log from this revision on. */
  #known = 0;

  constructor(
    readonly source: Source,
    readonly labels: Labels,
    readonly client: string,
    [first, ...others]: ImageId[],
    readonly left: (nImages: number) => void = () => {},
    /** The server will not give the labels of an image. */
    readonly refused: (image: ImageId, reason: string) => void = () => {},
  ) {
    // Asked for at once: it is what the page waits for.
    this.#first = source.labels(first);
    this.#first.catch(() => {});
    this.#missing = others;
  }

  get pending(): readonly Pending[] {
    return this.labels.pending;
  }

  async load(): Promise<void> {
    const reply = await this.#first;
    this.labels.load(reply);
    this.#known = reply.revision + 1;
    this.whole = this.#others();
  }

  async adopt(orphans: Pending[]): Promise<void> {
    // They may be about any image, and undo what is in the log.
    await this.whole;
    if (orphans.some(({ undoes }) => undoes !== null)) await this.recall();
    this.labels.adopt(orphans);
  }

  /** This image's labels are needed next. */
  hurry(image: ImageId): void {
    const at = this.#missing.indexOf(image);
    if (at > 0) this.#missing.unshift(...this.#missing.splice(at, 1));
  }

  /** Brings home a part of the log from before what undo knows of; false when there is none. */
  async recall(): Promise<boolean> {
    await this.whole;
    let part: LoggedGesture[] = [];
    let known = this.#known;
    do {
      const { gestures, more } = await this.source.logBefore(known);
      part = [...gestures, ...part];
      known = more ? (gestures[0]?.revision ?? 0) : 0;
    } while (known > 0 && !isWhole(part));
    this.#known = known;
    this.labels.recall(part);
    return part.length > 0;
  }

  async catchUp(): Promise<void> {
    const { gestures, revision } = await this.source.log(this.labels.revision);
    // Nothing that is kept is ever taken back: it is another store.
    if (revision < this.labels.revision) throw new Refused(409, "other_study", "the server has opened another study: reload this page");
    this.labels.learn(gestures, revision);
  }

  async send(next: Pending): Promise<Sent<Pending>> {
    // Withdrawn edits leave the gesture while it waits; what is sent now is what must be acknowledged.
    const gesture = { ...next, edits: [...next.edits] };
    const reply = await this.source.send(gesture, this.client, this.labels.revision);
    const complaints = reply.refused.flatMap(({ index, reason }) => {
      const edit = gesture.edits[index];
      return edit?.op === "put_class" ? [`class ${edit.name}: ${reason.replaceAll("_", " ")}`] : [];
    });
    return { ...this.labels.acknowledge(gesture, reply), behind: reply.more === true, complaints };
  }

  reject(gesture: Pending): void {
    this.labels.reject(gesture);
  }

  async #others(): Promise<void> {
    for (let image = this.#missing[0]; image !== undefined; image = this.#missing[0]) {
      this.left(this.#missing.length);
      const reply = await this.source.labels(image).catch((error: unknown) => error);
      const refused = reply instanceof Refused && reply.final;
      if (reply instanceof Error && !refused) {
        await new Promise((done) => setTimeout(done, AGAIN));
        continue;
      }
      this.#missing.splice(this.#missing.indexOf(image), 1);
      if (refused) this.refused(image, reply.message);
      else this.labels.include(reply as LabelsReply);
    }
    this.left(0);
  }
}
