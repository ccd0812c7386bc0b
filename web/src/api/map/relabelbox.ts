import type { Relabelling } from "../../state/map/contract";
import type { Relabels } from "../../state/map/relabels";
import type { Outbox, Sent } from "../outbox";
import type { MapSource } from "./source";

/** New classes of cells on their way. */
export class RelabelBox implements Outbox<Relabelling> {
  constructor(
    readonly source: MapSource,
    readonly relabels: Relabels,
  ) {}

  get pending(): readonly Relabelling[] {
    return this.relabels.pending;
  }

  load(): Promise<void> {
    return this.catchUp();
  }

  async adopt(orphans: Relabelling[]): Promise<void> {
    this.relabels.adopt(orphans);
  }

  async catchUp(): Promise<void> {
    this.relabels.load(await this.source.relabels());
  }

  async send(gesture: Relabelling): Promise<Sent<Relabelling>> {
    const before = this.relabels.revision;
    const reply = await this.source.relabel(gesture);
    this.relabels.acknowledge(gesture, reply);
    const n = reply.refused.length;
    const complaints = n > 0 ? [`somebody else has just given ${n === 1 ? "a cell" : `${n} cells`} a class`] : [];
    return { follow: [], behind: n > 0 || reply.revision !== before + 1, complaints, declined: [], undecided: [] };
  }

  reject(gesture: Relabelling): void {
    this.relabels.reject(gesture);
  }
}
