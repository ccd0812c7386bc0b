import type { Labels, Pending } from "../state/labels";
import type { Outbox, Sent } from "./outbox";
import type { Source } from "./source";

/** The labels of a study on their way. */
export class LabelBox implements Outbox<Pending> {
  constructor(
    readonly source: Source,
    readonly labels: Labels,
    readonly client: string,
  ) {}

  get pending(): readonly Pending[] {
    return this.labels.pending;
  }

  async load(orphans: Pending[]): Promise<ReadonlySet<string>> {
    const [reply, mine] = await Promise.all([this.source.labels(), this.source.log(0, true)]);
    const logged = new Set(mine.gestures.map((gesture) => gesture.gesture));
    // The log may be younger than the snapshot by a gesture of another page; asking again makes them one.
    this.labels.load(reply, mine.gestures);
    this.labels.adopt(orphans.filter((orphan) => !logged.has(orphan.gesture)));
    return logged;
  }

  async catchUp(): Promise<void> {
    const { gestures, revision } = await this.source.log(this.labels.revision, false);
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
    return { follow: this.labels.acknowledge(gesture, reply), behind: reply.more === true, complaints };
  }

  reject(gesture: Pending): void {
    this.labels.reject(gesture);
  }
}
