export interface Notice {
  id: number;
  kind: "info" | "warning" | "error";
  text: string;
}

/** Short messages that go away by themselves; errors stay until dismissed. */
export class Notices {
  list = $state.raw<Notice[]>([]);
  #serial = 0;

  say(kind: Notice["kind"], text: string): void {
    const id = this.#serial++;
    this.list = [...this.list.filter((notice) => notice.text !== text), { id, kind, text }].slice(-2);
    if (kind !== "error") setTimeout(() => this.dismiss(id), kind === "warning" ? 8000 : 4000);
  }

  fail(error: unknown): void {
    this.say("error", error instanceof Error ? error.message : String(error));
  }

  dismiss(id: number): void {
    this.list = this.list.filter((notice) => notice.id !== id);
  }
}
