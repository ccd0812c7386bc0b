import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { folder, launch, run, Server } from "./harness";
import { pace, paceText, Report } from "./pace";
import { Person } from "./person";

const report = new Report("speed");

let browser: Browser;
let server: Server;
let person: Person;

beforeAll(async () => {
  browser = await launch();
  const movies = folder("movies");
  run("simulate", "nuclei", "-o", movies, "--frames", "20", "--size", "1024", "--per-class", "5");
  server = Server.annotate([join(movies, "nuclei_0.tif")], join(folder("study"), "study"));
  person = await Person.at(browser, await server.start(), { y: 1024, x: 1024 });
  report.add(`renderer: ${await person.page.locator("canvas[data-renderer]").getAttribute("data-renderer")}`);
});
afterAll(async () => {
  report.write();
  await browser.close();
  await server.kill();
});

/** Reports the pace of something. */
async function measured(name: string, work: () => Promise<void>): Promise<number> {
  const found = await pace(person.page, work);
  report.add(`${name}: ${paceText(found)}`);
  return found.frames;
}

async function panAndZoom(): Promise<void> {
  const box = (await person.stage().boundingBox())!;
  const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
  await person.page.mouse.move(x, y);
  for (let i = 0; i < 8; i++) await person.page.mouse.wheel(0, i < 6 ? -60 : 60);
  await person.page.mouse.down({ button: "middle" });
  for (let i = 0; i < 30; i++) await person.page.mouse.move(x + 150 * Math.sin(i / 6), y + 100 * Math.cos(i / 5));
  await person.page.mouse.up({ button: "middle" });
  await person.press("0");
}

/** From the release of the button to the end of the handler that has drawn the marker, in the page's own clock. */
async function clickToMarker(): Promise<number[]> {
  const times: number[] = [];
  for (let i = 0; i < 15; i++) {
    const at = await person.on(101.5 + 53 * i, 313.25 + 31 * i);
    times.push(
      await person.page.evaluate(({ x, y }) => {
        const stage = document.querySelector("[data-testid=stage]")!;
        const event = { clientX: x, clientY: y, pointerId: 1, bubbles: true, button: 0, ctrlKey: true };
        stage.setPointerCapture = () => {};
        stage.dispatchEvent(new PointerEvent("pointerdown", event));
        const from = performance.now();
        stage.dispatchEvent(new PointerEvent("pointerup", event));
        return performance.now() - from;
      }, at),
    );
  }
  return times.sort((a, b) => a - b);
}

/** Adds 100,000 cells to the first `frames` frames, and looks and labels among them; `total`: how many there are then. */
async function crowd(name: string, frames: number, total: number): Promise<void> {
  await person.saved();
  await person.page.evaluate(async (frames) => {
    const get = async (path: string) => (await fetch(path)).json();
    const { classes, revision } = await get("/api/labels");
    const { images } = await get("/api/session");
    for (let batch = 0; batch < 10; batch++) {
      const edits = Array.from({ length: 10_000 }, (_, i) => ({
        op: "add",
        id: crypto.randomUUID(),
        image: images[0].id,
        t: i % frames,
        z: 0,
        y: (i * 97.31 + batch * 13.7) % 1023,
        x: (i * 61.7 + batch * 101.3) % 1023,
        class: classes[0].id,
      }));
      const body = JSON.stringify({ client: "many", base: revision, gesture: crypto.randomUUID(), undoes: null, edits });
      const reply = await fetch("/api/edits", { method: "POST", body, headers: { "content-type": "application/json" } });
      // An answer that nobody reads keeps its connection, of which a browser has six.
      const told = await reply.text();
      if (!reply.ok) throw new Error(told);
    }
  }, frames);
  const from = Date.now();
  await person.page.reload();
  await person.page.getByTestId("count").getByText(String(total)).waitFor();
  report.add(`${name}: loaded and shown in ${Date.now() - from} ms`);
  await person.ready();
  await person.stage().focus();
  await person.press("0");
  expect(await measured(`${name}, pan and zoom`, panAndZoom)).toBeGreaterThan(0);
  await person.picture(name.replaceAll(/[ ,]+/g, "-"));
  const times = await clickToMarker();
  report.add(`${name}, click to marker: median ${times[7]!.toFixed(1)} ms, worst ${times[14]!.toFixed(1)} ms`);
  await person.page.getByTestId("count").getByText(String(total + 15)).waitFor();
}

describe("speed", () => {
  it("pan and zoom, frame changes, clicks", async () => {
    await person.addClasses(["Cell"]);
    expect(await measured("pan and zoom", panAndZoom)).toBeGreaterThan(0);
    await measured("frame by frame", async () => {
      for (let i = 0; i < 19; i++) await person.press("ArrowRight");
      await person.go(19);
    });
    const times = await clickToMarker();
    report.add(`click to marker: median ${times[7]!.toFixed(1)} ms, worst ${times[14]!.toFixed(1)} ms`);
    expect(await person.total()).toBe(15);
  });

  it("100,000 cells in a movie", async () => {
    await crowd("100,000 cells in 20 frames", 20, 100_015);
  });

  it("100,000 cells in one frame", async () => {
    await crowd("100,000 cells in one frame", 1, 200_030);
  });
});
