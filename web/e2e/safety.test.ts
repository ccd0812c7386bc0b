import { cpSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { folder, launch, PHONE, rows, run, Server } from "./harness";
import { Person } from "./person";

let browser: Browser;
let movie: string;
const servers: Server[] = [];

beforeAll(async () => {
  browser = await launch();
  const movies = folder("movies");
  run("simulate", "nuclei", "-o", movies, "--frames", "6", "--size", "384", "--per-class", "5");
  movie = join(movies, "nuclei_0.tif");
});
afterAll(async () => {
  await browser.close();
  for (const server of servers) await server.kill();
});

async function serve(): Promise<Server> {
  const server = Server.annotate([movie], join(folder("study"), "study"));
  servers.push(server);
  await server.start();
  return server;
}

/** Clicks on a raster, so that no two cells are near each other. */
async function clickSome(person: Person, from: number, n: number): Promise<void> {
  for (let i = from; i < from + n; i++) await person.click(30 + 40 * Math.floor(i / 8), 30 + 40 * (i % 8));
}

describe("nothing is lost", () => {
  it("when the server is killed and comes back, and the page is reloaded in between", async () => {
    const server = await serve();
    const person = await Person.at(browser, server.address, { y: 384, x: 384 });
    await person.addClasses(["Cell"]);
    await clickSome(person, 0, 5);
    await person.saved();
    await server.kill();
    await clickSome(person, 5, 12);
    await person.page.getByTestId("saved").getByText(/Offline/).waitFor();
    expect(await person.total()).toBe(17);
    await person.picture("offline");
    await server.start();
    await person.saved();
    await person.reload();
    expect(await person.total()).toBe(17);
    await server.kill();
    await clickSome(person, 17, 3);
    await person.page.getByTestId("saved").getByText(/Offline/).waitFor();
    // The page itself goes away with edits that only IndexedDB has.
    const { page } = person;
    page.on("dialog", (dialog) => void dialog.accept());
    const context = page.context();
    await page.close({ runBeforeUnload: false });
    const address = await server.start();
    const again = await context.newPage();
    await again.goto(address);
    await again.getByTestId("stage").waitFor();
    await again.getByTestId("count").getByText("20").waitFor();
    await again.getByTestId("saved").getByText("Saved", { exact: true }).waitFor();
    const fresh = await Person.at(browser, address, { y: 384, x: 384 });
    expect(await fresh.total()).toBe(20);
  });

  it("when two people label at once", async () => {
    const server = await serve();
    const ann = await Person.at(browser, server.address, { y: 384, x: 384 });
    await ann.addClasses(["Cell", "Debris"]);
    await ann.saved();
    const bob = await Person.at(browser, server.address, { y: 384, x: 384 });
    await bob.page.getByLabel("Who labels").fill("Bob");
    await bob.press("Tab");
    await bob.stage().focus();
    await Promise.all([clickSome(ann, 0, 6), clickSome(bob, 8, 6)]);
    for (const person of [ann, bob]) {
      await person.saved();
      await person.page.getByTestId("count").first().getByText("12").waitFor();
    }
    // Both change one cell before either sees the other's: cut Bob off, let Ann be first.
    await bob.page.context().setOffline(true);
    await ann.click(30, 30);
    await ann.press("2");
    await ann.saved();
    await bob.press("Escape");
    await bob.click(30, 30);
    await bob.press("Backspace");
    await bob.page.context().setOffline(false);
    await bob.saved();
    await bob.open("Review");
    await bob.page.getByText(/made it Debris/).waitFor();
    await bob.picture("review-conflict");
    // The question is still there after a reload, and no more once it is answered.
    await bob.open("Label");
    await bob.reload();
    await bob.open("Review");
    await bob.page.getByText(/made it Debris/).waitFor();
    await bob.page.getByRole("button", { name: "Keep theirs" }).click();
    await bob.open("Label");
    await bob.saved();
    await bob.reload();
    await bob.open("Review");
    await bob.page.getByText(/made it Debris/).waitFor({ state: "detached" });
    await bob.open("Label");
    expect(await bob.counts()).toEqual([11, 1]);
    expect(await ann.counts()).toEqual([11, 1]);
    // Bob agrees with Ann on one cell, by giving its class again, and not on another.
    for (const [x, key] of [[70, "1"], [110, "2"]] as const) {
      await bob.press("Escape");
      await bob.click(30, x);
      await bob.press(key);
    }
    await bob.saved();
    expect(await bob.counts()).toEqual([10, 2]);
    await bob.open("Review");
    await bob.page.getByText("kappa, 2 cells").waitFor();
    expect(await bob.page.locator(".kappa").textContent()).toBe("0.00");
    await bob.picture("review-agreement");
  });
});

describe("what the server will not take", () => {
  it("is kept, said in words, saved to a file that can be imported, and holds up nothing else", async () => {
    const movies = folder("movies");
    run("simulate", "nuclei", "-o", movies, "--frames", "2", "--size", "384", "--per-class", "5", "--n-movies", "2");
    const [first, second] = [join(movies, "nuclei_0.tif"), join(movies, "nuclei_1.tif")];
    const study = join(folder("study"), "study");
    const server = Server.annotate([first, second], study);
    servers.push(server);
    await server.start();
    const person = await Person.at(browser, server.address, { y: 384, x: 384 });
    await person.addClasses(["Cell"]);
    await person.saved();
    await person.page.getByLabel("Image", { exact: true }).selectOption({ index: 1 });
    await person.stage().focus();
    await server.kill();
    await clickSome(person, 0, 3);
    await person.page.getByTestId("saved").getByText("Offline · 3 edits kept here").waitFor();
    // The study is begun anew under its old name, with the first image only.
    for (const name of readdirSync(study)) if (name.startsWith("study.sqlite")) rmSync(join(study, name));
    const alone = Server.annotate([first], study);
    servers.push(alone);
    await alone.start();
    await person.page.getByTestId("saved").getByText(/another study/).waitFor();
    person.page.on("dialog", (dialog) => void dialog.accept());
    await person.reload();
    await person.page.getByTestId("declined").getByText("3 not taken").click();
    const dialog = person.page.getByRole("dialog");
    await dialog.getByText("3 edits: the study does not know this image").waitFor();
    await person.picture("not-taken");
    expect(await person.grave()).toEqual([]);
    expect(await dialog.getByRole("button", { name: "Throw away" }).isDisabled()).toBe(true);
    const file = await person.saveFrom(dialog.getByRole("button", { name: "Save to a file" }));
    expect(rows(file).map(({ image, frame, z }) => [image, frame, z])).toEqual(Array(3).fill(["image 2", "0", "0"]));
    await person.press("Escape");
    // All else goes on, and a reload changes nothing.
    await person.addClasses(["Cell"]);
    await clickSome(person, 8, 2);
    expect(await person.total()).toBe(2);
    await person.saved();
    await person.reload();
    expect(await person.total()).toBe(2);
    await person.page.getByTestId("declined").click();
    await person.saveFrom(dialog.getByRole("button", { name: "Save to a file" }));
    await dialog.getByRole("button", { name: "Throw away" }).click();
    await person.page.getByTestId("declined").waitFor({ state: "detached" });
    await alone.kill();
    expect(run("import", file, "--study", study, "--image", first)).toMatch(/3/);
  });

  it("is sent again: declined once more, or taken when the server knows the image", async () => {
    const movies = folder("movies");
    run("simulate", "nuclei", "-o", movies, "--frames", "2", "--size", "384", "--per-class", "5", "--n-movies", "2");
    const [first, second] = [join(movies, "nuclei_0.tif"), join(movies, "nuclei_1.tif")];
    const study = join(folder("study"), "study");
    const [alone, both] = [[first], [first, second]].map((images) => Server.annotate(images, study)) as [Server, Server];
    servers.push(alone, both);
    await alone.start();
    const ann = await Person.at(browser, alone.address, { y: 384, x: 384 });
    await ann.addClasses(["Cell"]);
    await ann.saved();
    await alone.kill();
    const backup = folder("backup");
    cpSync(study, backup, { recursive: true });
    await both.start();
    const person = await Person.at(browser, both.address, { y: 384, x: 384 });
    await person.page.getByLabel("Image", { exact: true }).selectOption({ index: 1 });
    await person.stage().focus();
    await both.kill();
    await clickSome(person, 0, 2);
    await person.page.getByTestId("saved").getByText("Offline · 2 edits kept here").waitFor();
    // The study comes back from a backup that was made before it had the second image.
    rmSync(study, { recursive: true });
    cpSync(backup, study, { recursive: true });
    await alone.start();
    const declined = person.page.getByTestId("declined");
    const again = person.page.getByRole("button", { name: "Send again" });
    await declined.getByText("2 not taken").click();
    expect(await person.total()).toBe(0);
    const refused = person.page.waitForResponse((reply) => reply.url().includes("/api/edits"));
    await again.click();
    await refused;
    await person.saved();
    await declined.getByText("2 not taken").waitFor();
    expect(await person.total()).toBe(0);
    await alone.kill();
    await both.start();
    await person.reload();
    await declined.getByText("2 not taken").click();
    await again.click();
    await declined.waitFor({ state: "detached" });
    await person.saved();
    expect(await person.total()).toBe(2);
    const fresh = await Person.at(browser, both.address, { y: 384, x: 384 });
    expect(await fresh.total()).toBe(2);
  });
});

describe("accessibility", () => {
  it("axe finds nothing serious on any view, dark or light", async () => {
    const server = await serve();
    const person = await Person.at(browser, server.address, { y: 384, x: 384 });
    await person.addClasses();
    await clickSome(person, 0, 4);
    for (const theme of ["dark", "light"]) {
      if (theme === "light") await person.page.getByRole("button", { name: "Light colours" }).click();
      for (const view of ["Label", "Train", "Review", "Files"] as const) {
        await person.open(view);
        expect((await person.grave()).map((found) => `${view} ${theme} ${found}`)).toEqual([]);
        await person.picture(`${view.toLowerCase()}-${theme}`);
      }
    }
    const desk = person.page.viewportSize()!;
    await person.page.setViewportSize(PHONE);
    for (const view of ["Train", "Review", "Files", "Label"]) {
      await person.open(view);
      expect((await person.grave()).map((found) => `${view} on a phone ${found}`)).toEqual([]);
      await person.picture(`${view.toLowerCase()}-phone`);
    }
    expect((await person.stage().boundingBox())?.width).toBe(PHONE.width);
    await person.page.setViewportSize(desk);
    await person.page.getByRole("button", { name: /^Change / }).first().focus();
    await person.press("Enter");
    await person.picture("class-form");
    await person.press("Escape");
  });
});
