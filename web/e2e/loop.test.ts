import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { folder, launch, rows, run, Server } from "./harness";
import { CLASSES, Person, type Truth } from "./person";

/** Cells of each class that the first model learns from, and corrections that the second has besides. */
const FEW = 6;
const CORRECTIONS = 100;

let browser: Browser;
let server: Server;

beforeAll(async () => {
  browser = await launch();
});
afterAll(async () => {
  await browser.close();
  await server.kill();
});

/** Every cell of the movie that is seen whole; what hangs over the border is not learned from. */
function truthsOf(movie: string): Truth[] {
  const inside = (v: number) => v >= 32 && v <= 512 - 32;
  return rows(movie.replace(".tif", "_tracks.csv"))
    .filter((row) => Number(row["area"]) > 30)
    .map((row) => ({ t: Number(row["frame"]), y: Number(row["y"]), x: Number(row["x"]), label: row["state"] ?? "" }))
    .filter((cell) => inside(cell.y) && inside(cell.x));
}

/** So many cells of a class, spread over the movie. */
function some(truths: Truth[], name: string, n: number): Truth[] {
  const all = truths.filter((cell) => cell.label === name);
  return all.filter((_, i) => i % Math.ceil(all.length / n) === 0);
}

/** Labels what no marker covers yet. */
async function label(person: Person, cells: Truth[]): Promise<void> {
  for (const cell of [...cells].sort((a, b) => a.t - b.t)) {
    await person.go(cell.t);
    await person.press("0");
    await person.press("Escape");
    await person.press(String(CLASSES.indexOf(cell.label) + 1));
    await person.click(cell.y, cell.x, { modifiers: ["Control"] });
  }
  await person.saved();
}

async function train(person: Person): Promise<void> {
  await person.open("Train");
  await person.page.getByLabel("Recipe").selectOption("encoder");
  await person.page.getByLabel("Epochs").fill("60");
  await person.page.getByRole("button", { name: "Start" }).click();
  const state = person.page.getByTestId("training");
  await state.getByText("training", { exact: true }).waitFor();
  await state.getByText("done", { exact: true }).waitFor({ timeout: 280_000 });
}

/** Goes through suggestions as a biologist who knows the truth: Enter when right, the digit when wrong. */
async function correct(person: Person, truths: Truth[], n: number): Promise<number> {
  await person.page.getByRole("button", { name: "Suggest cells with it" }).click();
  await person.page.getByTestId("waiting").getByText(/waiting/).waitFor({ timeout: 200_000 });
  await person.stage().focus();
  await person.press("n");
  let corrected = 0;
  for (let i = 0; i < n * 4 && corrected < n; i++) {
    const place = person.page.getByTestId("place");
    if ((await place.count()) === 0) break;
    const [frame, y, x] = ((await place.textContent()) ?? "").match(/[\d.]+/g)!.map(Number) as [number, number, number];
    const t = frame - 1;
    const near = truths.filter((cell) => cell.t === t && Math.hypot(cell.y - y, cell.x - x) < 8);
    if (near.length === 1) {
      await person.go(t);
      await person.press(String(CLASSES.indexOf(near[0]!.label) + 1));
      corrected++;
    } else await person.press("s");
  }
  await person.saved();
  return corrected;
}

/** A simulated movie; another seed is another dish. */
function simulated(seed: number): string {
  const movies = folder("movies");
  run("simulate", "nuclei", "-o", movies, "--seed", String(seed), "--frames", "30", "--size", "512", "--per-class", "60");
  return join(movies, `nuclei_${1000 * seed}.tif`);
}

/**
 * Every cell of a movie that nobody opens in the page, cut as the page cuts them: most are in interphase, as in any movie, and
 * a model that has seen as few of those as of the others takes many of them for what they are not.
 */
function unseen(): string {
  const movie = simulated(1);
  const [points, cells] = [join(folder("unseen"), "points.csv"), join(folder("unseen"), "unseen.crops")];
  const lines = truthsOf(movie).map(({ t, y, x, label }) => [t, y, x, label].join(","));
  writeFileSync(points, ["frame,y,x,class", ...lines, ""].join("\n"));
  run("crop", movie, "--points", points, "--half", "32", "-o", cells);
  return cells;
}

/** How often a model of the study is right about cells. */
function judge(model: string, cells: string): number {
  const told = run("evaluate", model, cells, "-o", join(folder("judged"), "report"));
  return Number(/^accuracy\s+([\d.]+)/m.exec(told)?.[1]);
}

describe("label, train, suggest, correct, train", () => {
  it("makes a second model that is better on cells it never saw", async () => {
    const [movie, held] = [simulated(0), unseen()];
    const truths = truthsOf(movie);
    const study = join(folder("study"), "study");
    server = Server.annotate([movie], study);
    const person = await Person.at(browser, await server.start(), { y: 512, x: 512 });
    await person.addClasses();
    await label(person, CLASSES.flatMap((name) => some(truths, name, FEW)));
    const before = await person.total();
    await train(person);
    await person.picture("train-first");
    const first = judge(join(study, "model-1.safetensors"), held);
    expect(await correct(person, truths, CORRECTIONS)).toBe(CORRECTIONS);
    await person.open("Label");
    expect(await person.total()).toBe(before + CORRECTIONS);
    await person.picture("suggest");
    await train(person);
    await person.picture("train-second");
    const second = judge(join(study, "model-2.safetensors"), held);
    console.log(`accuracy on the cells of another movie: first model ${first}, second ${second}`);
    expect(second).toBeGreaterThan(first);
    expect(person.complaints).toEqual([]);
  });
});
