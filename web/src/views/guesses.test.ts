import { describe, expect, it } from "vitest";
import type { Suggestion, SuggestionsReply } from "../state/contract";
import { Guesses } from "./guesses.svelte";
import { Notices } from "./notices.svelte";
import type { Workbench } from "./workbench.svelte";

const suggestion = (id: string, margin: number): Suggestion =>
  ({ id, image: 1, t: 0, z: 0, y: 4, x: 5, class: "m", p: [0.6, 0.4], margin }) as Suggestion;

/** A bench whose server answers as told. */
function benched() {
  const cells = [suggestion("a", 0.1), suggestion("b", 0.2)];
  const server = {
    queue: async (): Promise<SuggestionsReply> => ({ classes: ["M", "I"], cells }) as SuggestionsReply,
    frame: async (_t: number): Promise<SuggestionsReply> => ({ classes: ["M", "I"], cells }) as SuggestionsReply,
    start: async (): Promise<void> => {},
  };
  const bench = {
    version: 0,
    viewer: { image: { id: 1 }, t: 0, shown: { t: 0, z: 0 } },
    source: {
      suggestionQueue: () => server.queue(),
      suggestions: (_: number, t: number) => server.frame(t),
      startSuggesting: () => server.start(),
    },
    notices: new Notices(),
    labels: { frames: { near: () => [] } },
    session: null,
  };
  return { bench, server, guesses: new Guesses(bench as unknown as Workbench) };
}

const lost = async (): Promise<never> => {
  throw new Error("The server cannot be reached.");
};
const ids = (list: readonly Suggestion[]): string[] => list.map(({ id }) => id);

describe("suggestions", () => {
  it("wait on when they cannot be fetched anew, and the user is told", async () => {
    const { bench, server, guesses } = benched();
    await guesses.refresh();
    expect(ids(guesses.waiting)).toEqual(["a", "b"]);
    expect(ids(guesses.here)).toEqual(["a", "b"]);
    Object.assign(server, { queue: lost, frame: lost });
    await guesses.refresh();
    expect(ids(guesses.waiting)).toEqual(["a", "b"]);
    expect(ids(guesses.here)).toEqual(["a", "b"]);
    expect(bench.notices.list.map(({ text }) => text)).toEqual(["The server cannot be reached."]);
  });

  it("wait on when no new ones can be asked for", async () => {
    const { bench, server, guesses } = benched();
    await guesses.refresh();
    server.start = lost;
    await guesses.start(true);
    expect(guesses.state.running).toBe(false);
    expect(ids(guesses.waiting)).toEqual(["a", "b"]);
    expect(bench.notices.list.map(({ kind }) => kind)).toEqual(["error"]);
  });

  it("of a frame that was left do not take the place of those of the next", async () => {
    const { bench, server, guesses } = benched();
    let answer = (_: SuggestionsReply): void => {};
    const late = new Promise<SuggestionsReply>((resolve) => (answer = resolve));
    server.frame = async (t) => (t === 0 ? late : ({ classes: ["M", "I"], cells: [suggestion("next", 0.3)] } as SuggestionsReply));
    const first = guesses.fetchFrame();
    bench.viewer.shown = { t: 1, z: 0 };
    await guesses.fetchFrame();
    expect(ids(guesses.here)).toEqual(["next"]);
    answer({ classes: ["M", "I"], cells: [suggestion("left", 0.3)] } as SuggestionsReply);
    await first;
    expect(ids(guesses.here)).toEqual(["next"]);
  });
});
