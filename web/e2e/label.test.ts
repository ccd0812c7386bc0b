import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { folder, launch, rows, run, Server, shared } from "./harness";
import { CLASSES, Person, type Truth } from "./person";

/** Two clicks nearer than this could mean one cell, in pixels of the image. */
const APART = 24;

let browser: Browser;
const servers: Server[] = [];

beforeAll(async () => {
  browser = await launch();
});
afterAll(async () => {
  await browser.close();
  for (const server of servers) await server.kill();
});

async function serve(image: string): Promise<Server> {
  const server = Server.annotate([image], join(folder("study"), "study"));
  servers.push(server);
  await server.start();
  return server;
}

/** `n` cells of each class that stand alone in their frame, by frame. */
function pick(truths: Truth[], n: number): Truth[] {
  const taken: Truth[] = [];
  for (const label of CLASSES) {
    const alone = truths.filter((a) => a.label === label && truths.every((b) => b === a || b.t !== a.t || far(a, b)));
    taken.push(...alone.slice(0, n));
  }
  return taken.sort((a, b) => a.t - b.t);
}

function far(a: Truth, b: Truth): boolean {
  return Math.hypot(a.y - b.y, a.x - b.x) > APART;
}

/** Labels cells in turn by mouse, and every fifth with keys alone. */
async function label(person: Person, truths: Truth[]): Promise<void> {
  await person.addClasses();
  for (const [i, cell] of truths.entries()) {
    await person.go(cell.t);
    await person.press("0");
    await person.press("Escape");
    await person.press(String(CLASSES.indexOf(cell.label) + 1));
    if (i % 5 !== 4) {
      await person.click(cell.y, cell.x);
      continue;
    }
    // By keys: the cursor starts where the pointer was, so put it near first.
    const at = await person.on(cell.y - 8, cell.x - 8);
    await person.page.mouse.move(at.x, at.y);
    await person.press("Shift+ArrowDown");
    await person.press("Shift+ArrowRight");
    await person.press(" ");
  }
  await person.saved();
}

async function undoRedoReload(person: Person, n: number): Promise<void> {
  for (let i = 0; i < 3; i++) await person.press("Control+z");
  expect(await person.total()).toBe(n - 3);
  await person.press("Control+y");
  expect(await person.total()).toBe(n - 2);
  await person.saved();
  await person.reload();
  expect(await person.total()).toBe(n - 2);
  for (let i = 0; i < 2; i++) await person.press("Control+y");
  // What was done before the reload is fetched when it is needed.
  await expect.poll(() => person.total()).toBe(n);
  await person.press("Control+z");
  expect(await person.total()).toBe(n - 1);
  await person.press("Control+Shift+z");
  expect(await person.total()).toBe(n);
  await person.saved();
}

/** Exports the annotation zip, and lets the program learn from it. */
async function exportAndTrain(person: Person): Promise<void> {
  const zip = await person.download("Annotation zip");
  expect(zip).toMatch(/annotation_.*\.zip$/);
  const work = folder("train");
  const told = run("train", zip, "--flagged", "--preset", "encoder", "--epochs", "2", "--batch", "16", "-o", join(work, "model.safetensors"));
  expect(readdirSync(work)).toContain("model.safetensors");
  expect(told).toMatch(/^model: /m);
}

describe("labelling", () => {
  it("60 cells of a simulated movie, then reload, undo, export and train", async () => {
    const movies = folder("movies");
    run("simulate", "nuclei", "-o", movies, "--frames", "30", "--size", "512", "--per-class", "60");
    const truths = rows(join(movies, "nuclei_0_points.csv")).map((row) => ({
      t: Number(row["frame"]),
      y: Number(row["y"]),
      x: Number(row["x"]),
      label: row["class"] ?? "",
    }));
    const sixty = pick(truths, 12);
    expect(sixty.length).toBe(60);
    const server = await serve(join(movies, "nuclei_0.tif"));
    const person = await Person.at(browser, server.address, { y: 512, x: 512 });
    await person.picture("label-empty");
    await label(person, sixty);
    expect(await person.counts()).toEqual([12, 12, 12, 12, 12]);
    await person.picture("label-simulated");
    await undoRedoReload(person, 60);

    // Moving, choosing several, another class, and taking all of it back.
    const first = sixty[0]!;
    await person.go(first.t);
    await person.press("0");
    await person.drag(first, { y: first.y + 6, x: first.x + 6 });
    await person.drag({ y: 2, x: 2 }, { y: 509, x: 509 }, "Shift");
    const chosen = await person.page.getByText(/\d+ selected/).textContent();
    expect(Number.parseInt(chosen ?? "", 10)).toBe(sixty.filter((cell) => cell.t === first.t).length);
    await person.picture("label-selected");
    await person.press("Escape");
    await person.press("a");
    await person.press("3");
    expect((await person.counts())[2]).toBeGreaterThan(11);
    await person.press("a");
    await person.press("Backspace");
    expect(await person.total()).toBeLessThan(60);
    for (let i = 0; i < 3; i++) await person.press("Control+z");
    expect(await person.counts()).toEqual([12, 12, 12, 12, 12]);

    // A second class on the same cell is warned of.
    await person.press("Escape");
    await person.press(first.label === CLASSES[0] ? "2" : "1");
    await person.click(first.y + 3, first.x, { modifiers: ["Control"] });
    await person.page.getByText(/nearly the same place/).waitFor();
    await person.picture("label-warning");
    await person.press("Control+z");
    await person.press("?");
    await person.picture("help");
    await person.press("Escape");
    await person.saved();
    await exportAndTrain(person);
    await person.picture("files");
    expect(person.complaints).toEqual([]);
  });

  it("follows a cell through frames, nudges it, looks back, and shows one contrast for images alike", async () => {
    const movies = folder("movies");
    run("simulate", "nuclei", "-o", movies, "--frames", "3", "--size", "256", "--per-class", "5", "--n-movies", "2");
    const server = Server.annotate([join(movies, "nuclei_0.tif"), join(movies, "nuclei_1.tif")], join(folder("study"), "study"));
    servers.push(server);
    await server.start();
    const person = await Person.at(browser, server.address, { y: 256, x: 256 });
    await person.addClasses(["Cell", "Debris"]);
    await person.click(100, 80);
    await person.click(180, 180);
    // The cell labelled last, then the one that is selected.
    await person.press("d");
    await person.press("Control+ArrowDown");
    await person.press("d");
    expect(await person.frame()).toBe(2);
    await person.press("d");
    await person.page.getByText("This is the last frame.").waitFor();
    expect(await person.counts()).toEqual([4, 0]);
    // Back: the last frame's, the one before, then the one before that, which becomes debris.
    await person.press("b");
    await person.press("b");
    expect(await person.frame()).toBe(1);
    await person.press("b");
    await person.press("2");
    expect(await person.frame()).toBe(0);
    expect(await person.counts()).toEqual([3, 1]);
    await person.press("1");
    await person.saved();
    const table = rows(await person.download("CSV a row")).map(({ frame, y, class: given }) => [frame, Math.round(Number(y)), given]);
    expect(table.sort()).toEqual([["0", 100, "Cell"], ["0", 180, "Cell"], ["1", 181, "Cell"], ["2", 181, "Cell"]]);
    await person.open("Label");
    const upper = person.page.getByRole("slider", { name: /upper|high/i }).first();
    await upper.focus();
    for (let i = 0; i < 5; i++) await person.press("ArrowLeft");
    const set = await upper.getAttribute("aria-valuenow");
    await person.page.getByLabel("Image", { exact: true }).selectOption({ index: 1 });
    await expect.poll(() => person.page.getByRole("slider", { name: /upper|high/i }).first().getAttribute("aria-valuenow")).toBe(set);
    await person.page.setViewportSize({ width: 1024, height: 700 });
    // The page has followed.
    await person.page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))");
    await person.stage().focus();
    await person.go(0);
    await person.click(40, 40);
    await person.saved();
    const [y, x] = rows(await person.download("CSV a row")).filter(({ image }) => image?.includes("nuclei_1")).map((row) => [Number(row["y"]), Number(row["x"])])[0]!;
    // The whole image is still seen after the window became smaller: what is clicked is where it seems to be.
    expect(Math.hypot(y! - 40, x! - 40)).toBeLessThan(1);
    expect(person.complaints).toEqual([]);
  });

  it.each([1.5, 2])("puts cells under the pointer on a screen of %s pixels to each of the page's", async (density) => {
    const movies = folder("movies");
    run("simulate", "nuclei", "-o", movies, "--frames", "2", "--size", "256", "--per-class", "5");
    const server = await serve(join(movies, "nuclei_0.tif"));
    const person = await Person.at(browser, server.address, { y: 256, x: 256 }, density);
    await person.addClasses(["Cell"]);
    const places = [[40, 60], [200.5, 31.25], [128, 128], [250, 250]] as const;
    for (const [y, x] of places) await person.click(y, x);
    await person.saved();
    await person.picture(`label-density-${density}`);
    const table = rows(await person.download("CSV a row")).map((row) => [Number(row["y"]), Number(row["x"])] as const);
    expect(table.length).toBe(places.length);
    // A pixel of the image takes 3 of the page, whose pointer stands on whole ones.
    for (const [y, x] of places) expect(Math.min(...table.map((at) => Math.hypot(at[0] - y, at[1] - x)))).toBeLessThan(0.3);
    expect(person.complaints).toEqual([]);
  });

  it("60 cells of a phase-contrast movie, then reload, undo, export and train", async () => {
    const movie = shared("data/phase_usiigaci/movie");
    const server = await serve(join(movie, "frames"));
    const tracks = rows(join(movie, "tracks.csv")).map((row, i) => ({
      t: Number(row["frame"]),
      // In pixels; `y` and `x` of this table are micrometres.
      y: Number(row["wtd_y"]),
      x: Number(row["wtd_x"]),
      // The movie has no classes: five are given in turn, to label as much as in the other.
      label: CLASSES[i % 5] ?? "",
    }));
    const person = await Person.at(browser, server.address, { y: 1022, x: 1024 });
    const sixty = pick(tracks.filter((cell) => Number.isInteger(cell.t) && cell.t < 8), 12);
    expect(sixty.length).toBe(60);
    await label(person, sixty);
    expect(await person.counts()).toEqual([12, 12, 12, 12, 12]);
    await person.picture("label-phase");
    await undoRedoReload(person, 60);
    await exportAndTrain(person);
    expect(person.complaints).toEqual([]);
  });
});
