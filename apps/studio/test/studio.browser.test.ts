import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { createStudio, type Studio } from "../server/studio.ts";

// The real engine on a small recipe, and the page as Vite builds it (`npm test` builds it before).
const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";
const pageFolder = fileURLToPath(new URL("../dist/page/", import.meta.url));
const screenshots = fileURLToPath(new URL("../../../test-results/", import.meta.url));
const missing = !existsSync(executablePath)
  ? `no Chromium at ${executablePath} (Debian: apt-get install chromium; or set CHROMIUM)`
  : !existsSync(join(pageFolder, "index.html"))
    ? "the page is not built (npm test -- --only build)"
    : undefined;
if (missing) console.log(`Skipped: ${missing}`);

const small = `name: small
title: { en: A small run, zh: 小型运行 }
task: image-classification
seed: 1
data: { source: { from: generator, generator: digits, count: 3000 } }
model: { family: mlp, hidden: [64] }
train: { epochs: 4, batch: 32, checkpointEvery: 10 }
evaluate: { resamples: 100, baselineLimit: 300 }
`;

describe.skipIf(missing !== undefined)("the studio in a browser", () => {
  let folder: string;
  let studio: Studio;
  let address: string;
  let browser: Browser;
  let page: Page;
  const complaints: string[] = [];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "nacre-browser-"));
    await mkdir(join(folder, "recipes"));
    await writeFile(join(folder, "recipes", "small.yaml"), small);
    await mkdir(screenshots, { recursive: true });
    await start(0);
    browser = await chromium.launch({
      executablePath,
      args: [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
      ],
    });
    const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, locale: "en-US" });
    page = await context.newPage();
    page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
    page.on("pageerror", (error) => complaints.push(error.message));
    page.on("request", (request) => {
      if (!request.url().startsWith(address) && !request.url().startsWith("data:"))
        complaints.push(`asked ${request.url()}`);
    });
    await page.goto(address);
  });

  afterAll(async () => {
    await browser?.close();
    await studio?.close();
    await rm(folder, { recursive: true, force: true });
  });

  afterEach(() => {
    expect(complaints).toEqual([]);
  });

  async function start(port: number): Promise<void> {
    studio = await createStudio({
      runsFolder: join(folder, "runs"),
      recipesFolder: join(folder, "recipes"),
      pageFolder,
    });
    address = await studio.app.listen({ port, host: "127.0.0.1" });
  }

  const shot = (name: string) => page.screenshot({ path: join(screenshots, `${name}.png`), fullPage: true });
  const button = (name: string | RegExp) => page.getByRole("button", { name });

  it("runs a recipe by keyboard, and shows it live", async () => {
    await page.getByRole("radio", { name: "A small run" }).waitFor();
    await button("Run").focus();
    await page.keyboard.press("Enter");
    await button("Stop").waitFor();
    // The loss is drawn while the model trains.
    await page.getByRole("img", { name: /^Loss: \d/ }).waitFor({ timeout: 60_000 });
  });

  it("stops and resumes, and survives a reload", async () => {
    await button("Stop").click();
    await button("Resume").waitFor({ timeout: 30_000 });
    await page.reload();
    await button("Resume").click();
    await page.getByText("Draw a digit").waitFor({ timeout: 120_000 });
    await shot("done");
  });

  it("recognises a digit while it is drawn", async () => {
    const canvas = page.locator("canvas.paper");
    await canvas.scrollIntoViewIfNeeded();
    const box = (await canvas.boundingBox())!;
    const move = (x: number, y: number) => page.mouse.move(box.x + box.width * x, box.y + box.height * y, { steps: 6 });
    await move(0.5, 0.12);
    await page.mouse.down();
    await move(0.5, 0.5);
    const answer = page.getByRole("region", { name: "Answer" });
    await answer.locator(".bars .strong").waitFor();
    await move(0.5, 0.9);
    await page.mouse.up();
    await expect.poll(() => answer.locator(".big").textContent(), { timeout: 10_000 }).toBe("1");
    await shot("drawn");
    await button("Clear").click();
    await button(/choose a sample: 3/)
      .first()
      .click();
    await expect.poll(() => answer.locator(".big").textContent(), { timeout: 10_000 }).toBe("3");
  });

  it("speaks Chinese, and remembers it", async () => {
    await button("切换到中文").click();
    expect(await page.locator("html").getAttribute("lang")).toBe("zh-CN");
    await page.getByRole("heading", { name: "混淆矩阵" }).waitFor();
    await page.reload();
    await page.getByRole("heading", { name: "数据" }).waitFor();
    await shot("chinese");
    await button("Switch to English").click();
  });

  it("is dark when asked, and fits a phone", async () => {
    const background = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const light = await background();
    await button("Switch between light and dark").click();
    expect(await background()).not.toBe(light);
    await shot("dark");
    await page.setViewportSize({ width: 390, height: 844 });
    const overflow = await page.evaluate(
      () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
    );
    expect(overflow).toBeLessThanOrEqual(0);
    await shot("phone");
    await page.setViewportSize({ width: 1440, height: 900 });
  });

  it("finds its runs again after the server was restarted", async () => {
    const { port } = new URL(address);
    await studio.close();
    await start(Number(port));
    await page.reload();
    await page.getByRole("heading", { name: "Confusion matrix" }).waitFor();
    // The connection was lost, as it should be; nothing else may have gone wrong.
    const others = complaints.filter(
      (complaint) => !/ERR_(CONNECTION_REFUSED|INCOMPLETE_CHUNKED|EMPTY_RESPONSE)/.test(complaint),
    );
    complaints.splice(0, complaints.length, ...others);
    expect(await readFile(join(folder, "recipes", "small.yaml"), "utf8")).toBe(small);
  });
});
