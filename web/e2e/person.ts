import type { Browser, Page } from "playwright-core";
import { fit, toStage } from "../src/state/camera";
import { Visitor } from "./harness";

export const CLASSES = ["Interphase", "Prometaphase", "Metaphase", "Anaphase", "Apoptosis"];

interface Shape {
  y: number;
  x: number;
}

export interface Truth {
  t: number;
  y: number;
  x: number;
  label: string;
}

/** Somebody who labels. */
export class Person extends Visitor {
  private constructor(
    page: Page,
    readonly shape: Shape,
  ) {
    super(page);
  }

  static async at(browser: Browser, address: string, shape: Shape, deviceScaleFactor = 1): Promise<Person> {
    const person = new Person(await Visitor.page(browser, deviceScaleFactor), shape);
    await person.page.goto(address);
    await person.ready();
    return person;
  }

  async ready(): Promise<void> {
    await this.page.getByTestId("stage").waitFor();
    await this.page.getByTestId("saved").getByText("Saved").waitFor();
  }

  async reload(): Promise<void> {
    await this.page.reload();
    await this.ready();
  }

  async addClasses(names = CLASSES): Promise<void> {
    for (const name of names) {
      await this.page.getByLabel("Name of a new class").fill(name);
      await this.page.keyboard.press("Enter");
    }
    await this.stage().focus();
  }

  stage() {
    return this.page.getByTestId("stage");
  }

  async frame(): Promise<number> {
    const text = await this.page.getByTestId("frame").textContent();
    return Number.parseInt(text ?? "", 10) - 1;
  }

  /** Goes to a frame with the arrow keys, and waits until it is seen. */
  async go(t: number): Promise<void> {
    await this.stage().focus();
    for (let at = await this.frame(); at !== t; at += Math.sign(t - at)) await this.press(at < t ? "ArrowRight" : "ArrowLeft");
    await this.page.getByText(/^loading frame/).waitFor({ state: "detached" });
  }

  /** Where a place of the image lies on the page when the whole image is shown (key 0). */
  async on(y: number, x: number): Promise<{ x: number; y: number }> {
    const box = await this.stage().boundingBox();
    if (!box) throw new Error("the stage is not shown");
    const image = { height: this.shape.y, width: this.shape.x };
    const at = toStage(fit(image, box), box, y, x);
    return { x: box.x + at.x, y: box.y + at.y };
  }

  async click(y: number, x: number, options: { modifiers?: string[] } = {}): Promise<void> {
    const at = await this.on(y, x);
    for (const key of options.modifiers ?? []) await this.page.keyboard.down(key);
    await this.page.mouse.click(at.x, at.y);
    for (const key of options.modifiers ?? []) await this.page.keyboard.up(key);
  }

  async drag(from: Shape, to: Shape, modifier?: string): Promise<void> {
    const [a, b] = [await this.on(from.y, from.x), await this.on(to.y, to.x)];
    if (modifier) await this.page.keyboard.down(modifier);
    await this.page.mouse.move(a.x, a.y);
    await this.page.mouse.down();
    await this.page.mouse.move((a.x + b.x) / 2, (a.y + b.y) / 2);
    await this.page.mouse.move(b.x, b.y);
    await this.page.mouse.up();
    if (modifier) await this.page.keyboard.up(modifier);
  }

  /** Cells of each class, as the page counts them. */
  async counts(): Promise<number[]> {
    const texts = await this.page.getByTestId("count").allTextContents();
    return texts.map((text) => Number.parseInt(text, 10));
  }

  async total(): Promise<number> {
    return (await this.counts()).reduce((a, b) => a + b, 0);
  }

  async download(format: string): Promise<string> {
    await this.open("Files");
    await this.page.getByRole("radio", { name: format }).check();
    return this.saveFrom(this.page.getByTestId("download"));
  }
}
