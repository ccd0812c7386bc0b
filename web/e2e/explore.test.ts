import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { fit, toStage } from "../src/state/camera";
import { type Plane, planeOf } from "../src/state/map/plane";
import { folder, launch, PHONE, rows, run, Server, Visitor } from "./harness";

const WELLS = 6;
/** A small laptop, or half of a screen. */
const NARROW = { width: 1024, height: 768 };

let browser: Browser;
let server: Server;
let table: Record<string, string>[];

/** A map of simulated nuclei, whose cells are said to come from a plate of a few wells. */
function mapped(): string {
  const work = folder("explore");
  const [movies, model, map] = ["movies", "model.safetensors", "map"].map((name) => join(work, name)) as [string, string, string];
  run("simulate", "nuclei", "-o", movies, "--frames", "20", "--size", "512", "--per-class", "60");
  const cells = join(movies, "cells.crops");
  run("train", cells, "--preset", "encoder", "--epochs", "3", "--batch", "16", "-o", model);
  run("embed", model, cells, "-o", map);
  const path = join(map, "cells.csv");
  const [head, ...lines] = readFileSync(path, "utf8").trim().split(/\r?\n/);
  const well = (i: number) => `B0${1 + (i % WELLS)}`;
  writeFileSync(path, [`${head},well,plate`, ...lines.map((line, i) => `${line},${well(i)},one`), ""].join("\n"));
  table = rows(path);
  return map;
}

/** Somebody who explores. */
class Explorer extends Visitor {
  readonly plane: Plane = planeOf(Float32Array.from(table.flatMap((row) => [Number(row["umap_1"]), Number(row["umap_2"])])));

  static async at(address: string): Promise<Explorer> {
    const explorer = new Explorer(await Visitor.page(browser));
    await explorer.page.goto(address);
    await explorer.ready();
    return explorer;
  }

  async ready(): Promise<void> {
    await this.page.getByTestId("map").waitFor();
    await this.saved();
  }

  /** Where the cells lie on the page when the whole map is shown (key 0). */
  async places(): Promise<{ x: number; y: number }[]> {
    const box = (await this.page.getByTestId("map").boundingBox())!;
    const camera = fit(this.plane.size, box);
    return table.map((_, i) => {
      const at = toStage(camera, box, this.plane.at[2 * i + 1]!, this.plane.at[2 * i]!);
      return { x: box.x + at.x, y: box.y + at.y };
    });
  }

  /** Draws a line around a box with Shift held. */
  async lasso(x0: number, y0: number, x1: number, y1: number): Promise<void> {
    const { mouse, keyboard } = this.page;
    await keyboard.down("Shift");
    await mouse.move(x0, y0);
    await mouse.down();
    for (const [x, y] of [[x1, y0], [x1, y1], [x0, y1], [x0, y0 + 2]] as const) await mouse.move(x, y, { steps: 8 });
    await mouse.up();
    await keyboard.up("Shift");
  }

  async selected(): Promise<number> {
    const text = (await this.page.getByTestId("selected").textContent()) ?? "";
    return /selected/.test(text) ? Number(text.replace(/\D/g, "")) : 0;
  }

  async shown(): Promise<number> {
    const text = (await this.page.getByTestId("filtered").textContent()) ?? "";
    return Number(/^\s*([\d,]+)/.exec(text)?.[1]?.replace(",", ""));
  }

  async colourBy(name: string): Promise<void> {
    await this.page.getByLabel("Colour by").selectOption(name);
    await this.page.getByRole("list", { name }).waitFor();
  }

  /** Cells of a class in the legend. */
  async count(column: string, name: string): Promise<number> {
    await this.colourBy(column);
    const entry = this.page.getByRole("list", { name: column }).getByRole("listitem").filter({ hasText: name });
    return (await entry.count()) === 0 ? 0 : Number(await entry.locator(".count").textContent());
  }
}

beforeAll(async () => {
  browser = await launch();
  server = Server.explore(mapped(), join(folder("study"), "study"));
  await server.start();
});
afterAll(async () => {
  await browser.close();
  await server.kill();
});

describe("exploring", () => {
  it("hover, lasso, new classes that outlive page and server, undo", async () => {
    const explorer = await Explorer.at(server.address);
    const { page } = explorer;
    const places = await explorer.places();
    await explorer.press("t");
    await page.mouse.move(places[3]!.x, places[3]!.y);
    await page.getByTestId("hover").getByText("name", { exact: true }).waitFor();
    await explorer.picture("explore-hover");
    await explorer.press("t");
    await explorer.picture("explore-map");

    const middle = [...places].sort((a, b) => a.x - b.x)[Math.floor(places.length / 2)]!.x + 0.5;
    const box = (await page.getByTestId("map").boundingBox())!;
    const near = places.filter(({ x }) => Math.abs(x - middle) < 2).length;
    const left = places.filter(({ x }) => x < middle).length;
    await explorer.lasso(box.x + 2, box.y + 2, middle, box.y + box.height - 3);
    const selected = await explorer.selected();
    expect(Math.abs(selected - left)).toBeLessThanOrEqual(near);
    await explorer.picture("explore-lasso");

    await explorer.press("a");
    await explorer.press("2");
    await explorer.saved();
    const second = (await page.getByRole("group", { name: "New class of the marked cells" }).getByRole("button").nth(1).textContent())!.replace(/\d/g, "").trim();
    expect(await explorer.count("relabel", second)).toBe(selected);
    await explorer.picture("explore-relabel");
    await page.reload();
    await explorer.ready();
    expect(await explorer.count("relabel", second)).toBe(selected);
    await server.kill();
    await server.start();
    await page.goto(server.address);
    await explorer.ready();
    expect(await explorer.count("relabel", second)).toBe(selected);

    await page.getByRole("button", { name: `Only ${second}` }).click();
    expect(await explorer.shown()).toBe(selected);
    await page.getByTestId("montage").getByRole("button").first().click();
    await explorer.press("1");
    await explorer.saved();
    expect(await explorer.count("relabel", second)).toBe(selected - 1);
    await page.getByTestId("map").focus();
    await explorer.press("Control+z");
    await explorer.saved();
    expect(await explorer.count("relabel", second)).toBe(selected);
    expect(explorer.complaints).toEqual([]);
  });

  it("new classes that the server refuses are shown in every page, kept over a reload, saved and sent again", async () => {
    const explorer = await Explorer.at(server.address);
    const { page } = explorer;
    const other = await page.context().newPage();
    await other.goto(server.address);
    await other.getByTestId("map").waitFor();
    await page.bringToFront();
    // No map that is open refuses a class that the page offers: the answer is that of a server with another map.
    const refused = { error: { code: "outside", message: "expected a cell of the map, found another" } };
    await page.route("**/api/map/labels", (route) =>
      route.request().method() === "POST" ? route.fulfill({ status: 422, json: refused }) : route.continue(),
    );
    const box = (await page.getByTestId("map").boundingBox())!;
    await explorer.lasso(box.x + 2, box.y + 2, box.x + box.width / 3, box.y + box.height - 3);
    const selected = await explorer.selected();
    await explorer.press("a");
    await explorer.press("3");
    for (const each of [page, other]) await each.getByTestId("declined").getByText(`${selected} not taken`).waitFor();
    await page.reload();
    await explorer.ready();
    await page.getByTestId("declined").click();
    const dialog = page.getByRole("dialog");
    await dialog.getByText(`${selected} edits: ${refused.error.message}`).waitFor();
    await explorer.picture("explore-not-taken");
    expect(await explorer.grave()).toEqual([]);
    expect(rows(await explorer.saveFrom(dialog.getByRole("button", { name: "Save to a file" }))).length).toBe(selected);
    await page.unroute("**/api/map/labels");
    await dialog.getByRole("button", { name: "Send again" }).click();
    for (const each of [page, other]) await each.getByTestId("declined").waitFor({ state: "detached" });
    await explorer.saved();
    const third = (await page.getByRole("group", { name: "New class of the marked cells" }).getByRole("button").nth(2).textContent())!.replace(/\d/g, "").trim();
    expect(await explorer.count("relabel", third)).toBe(selected);
    await page.getByTestId("map").focus();
    await explorer.press("Control+z");
    await explorer.saved();
    await other.close();
  });

  it("filters, confusion, plate, outliers, neighbours and export share one selection", async () => {
    const explorer = await Explorer.at(server.address);
    const { page } = explorer;
    await explorer.colourBy("label");
    const of = (label: string) => table.filter((row) => row["label"] === label).length;
    await page.getByRole("list", { name: "label" }).getByText("Interphase").click();
    expect(await explorer.shown()).toBe(table.length - of("Interphase"));
    await explorer.picture("explore-filter");
    await page.getByRole("button", { name: "Show all" }).click();
    expect(await explorer.shown()).toBe(table.length);

    await explorer.open("Confusion");
    const cell = page.getByRole("button", { name: /^[1-9]\d* of .* predicted/ }).last();
    const n = Number.parseInt((await cell.getAttribute("aria-label"))!, 10);
    await cell.click();
    expect(await explorer.selected()).toBe(n);
    await explorer.picture("explore-confusion");

    await explorer.open("Plate");
    await page.getByRole("button", { name: /^B03:/ }).click();
    expect(await explorer.selected()).toBe(table.filter((row) => row["well"] === "B03").length);
    await explorer.picture("explore-plate");

    await explorer.open("Montage");
    await page.getByRole("button", { name: "Outliers" }).click();
    await page.getByTestId("montage").getByRole("button").first().click();
    await page.getByTestId("cell").getByRole("button", { name: /distance/ }).first().waitFor();
    await explorer.picture("explore-montage");
    const path = await explorer.saveFrom(page.getByRole("button", { name: "Save CSV" }));
    expect(rows(path).length).toBe(table.filter((row) => row["well"] === "B03").length);
    expect(rows(path)[0]).toHaveProperty("relabel");
    expect(explorer.complaints).toEqual([]);
  });

  it("works with keys alone, and axe finds nothing serious", async () => {
    const explorer = await Explorer.at(server.address);
    const { page } = explorer;
    await page.getByTestId("map").focus();
    await explorer.press("v");
    expect(await explorer.selected()).toBe(table.length);
    for (let i = 0; i < 4; i++) await explorer.press("+");
    await explorer.press("v");
    expect(await explorer.selected()).toBeLessThan(table.length);
    await explorer.press("Escape");
    await explorer.press("?");
    await explorer.picture("explore-help");
    await explorer.press("Escape");
    for (const theme of ["dark", "light"]) {
      if (theme === "light") await page.getByRole("button", { name: "Light colours" }).click();
      for (const view of ["Map", "Montage", "Confusion", "Plate"]) {
        await explorer.open(view);
        expect((await explorer.grave()).map((found) => `${view} ${theme} ${found}`)).toEqual([]);
        await explorer.picture(`explore-${view.toLowerCase()}-${theme}`);
      }
    }
    await page.setViewportSize(NARROW);
    await explorer.open("Confusion");
    const [scroller, last] = [page.locator(".scroll:has(table)"), page.locator("tbody tr:first-child td:last-child button")];
    const hints = (): Promise<boolean> => scroller.evaluate((element) => element.classList.contains("more"));
    expect(await hints()).toBe(true);
    await explorer.picture("explore-confusion-narrow");
    await last.focus();
    await expect.poll(hints).toBe(false);
    await page.setViewportSize(PHONE);
    for (const view of ["Montage", "Confusion", "Plate", "Map"]) {
      await explorer.open(view);
      expect((await explorer.grave()).map((found) => `${view} on a phone ${found}`)).toEqual([]);
      await explorer.picture(`explore-${view.toLowerCase()}-phone`);
    }
    expect((await page.getByTestId("map").boundingBox())?.width).toBe(PHONE.width);
    expect(explorer.complaints).toEqual([]);
  });
});
