import { centerDrawing } from "@nacre/data/images";
import type { InputKind } from "@nacre/tasks";
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { text } from "../i18n/text.ts";
import { Answer, Curl, usePredictions } from "./prediction.tsx";

type ImageKind = Extract<InputKind, { kind: "image" }>;

const side = 280;
const penWidth = 22;

export interface ImagePlaygroundProps {
  readonly id: string;
  readonly input: ImageKind;
  readonly samples: readonly { readonly label: string; readonly png?: string }[];
}

/** Draws, and asks while one draws. The picture is framed as the training pictures are. */
export function ImagePlayground({ id, input, samples }: ImagePlaygroundProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const seen = useRef<HTMLCanvasElement>(null);
  const erasing = useSignal(false);
  const body = useSignal("");
  const predictions = usePredictions(id);
  const last = useRef<{ x: number; y: number }>();
  const context = () => canvas.current!.getContext("2d", { willReadFrequently: true })!;

  const clear = (): void => {
    context().clearRect(0, 0, side, side);
    predictions.clear();
    show(seen.current!, undefined);
    body.value = "";
  };

  const ask = (): void => {
    const drawn = context().getImageData(0, 0, side, side).data;
    const ink = Uint8Array.from({ length: side * side }, (_, index) => drawn[index * 4 + 3]!);
    if (!ink.some((value) => value > 40)) {
      clear();
      return;
    }
    const framed = centerDrawing({ height: side, width: side, channels: 1, pixels: ink }, input);
    show(seen.current!, framed.pixels);
    const pixels = spread(framed.pixels, input.channels);
    const request = { pixels, height: input.height, width: input.width, channels: input.channels };
    body.value = JSON.stringify({ inputs: [request] });
    predictions.ask(request);
  };

  const stroke = (event: PointerEvent): void => {
    const box = canvas.current!.getBoundingClientRect();
    const scale = side / box.width;
    const pen = context();
    pen.lineCap = "round";
    pen.lineJoin = "round";
    pen.globalCompositeOperation = erasing.value ? "destination-out" : "source-over";
    pen.lineWidth = erasing.value ? 2 * penWidth : penWidth;
    pen.strokeStyle = "#000";
    // A fast hand makes several points between two events.
    const points = event.getCoalescedEvents?.() ?? [];
    for (const { clientX, clientY } of points.length > 0 ? points : [event]) {
      const point = { x: (clientX - box.left) * scale, y: (clientY - box.top) * scale };
      const from = last.current ?? point;
      pen.beginPath();
      pen.moveTo(from.x, from.y);
      pen.lineTo(point.x + 0.01, point.y);
      pen.stroke();
      last.current = point;
    }
    ask();
  };

  const choose = async (png: string): Promise<void> => {
    clear();
    const picture = new Image();
    picture.src = png;
    await picture.decode();
    // White on black becomes ink on nothing.
    const pen = context();
    pen.globalCompositeOperation = "source-over";
    pen.imageSmoothingEnabled = true;
    pen.drawImage(picture, 0, 0, side, side);
    const pixels = pen.getImageData(0, 0, side, side);
    for (let at = 0; at < pixels.data.length; at += 4) {
      pixels.data[at + 3] = pixels.data[at]!;
      pixels.data.fill(0, at, at + 3);
    }
    pen.putImageData(pixels, 0, 0);
    ask();
  };

  useEffect(() => show(seen.current!, undefined), []);

  return (
    <div class="playground">
      <div class="drawing">
        <h3>{text("draw")}</h3>
        <canvas
          ref={canvas}
          class={erasing.value ? "paper erasing" : "paper"}
          width={side}
          height={side}
          role="img"
          aria-label={text("drawHint")}
          onPointerDown={(event) => {
            event.currentTarget.setPointerCapture(event.pointerId);
            last.current = undefined;
            stroke(event);
          }}
          onPointerMove={(event) => event.buttons !== 0 && stroke(event)}
          onPointerUp={() => (last.current = undefined)}
        />
        <div class="actions">
          <button type="button" onClick={clear}>
            {text("clear")}
          </button>
          <button type="button" aria-pressed={erasing.value} onClick={() => (erasing.value = !erasing.value)}>
            {erasing.value ? text("pen") : text("eraser")}
          </button>
          <canvas
            ref={seen}
            class="seen"
            width={input.width}
            height={input.height}
            role="img"
            aria-label={text("seen")}
          />
        </div>
        <p class="hint">{text("drawHint")}</p>
      </div>
      <Answer predictions={predictions} empty={text("nothingDrawn")} />
      {samples.some(({ png }) => png !== undefined) && (
        <div class="sample-choice">
          <h3>{text("fromSamples")}</h3>
          <div class="pictures">
            {spaced(samples).map(({ label, png }, index) => (
              <button
                key={index}
                type="button"
                class="picture"
                aria-label={`${text("fromSamples")}: ${label}`}
                onClick={() => choose(png!)}
              >
                <img src={png} alt="" width="36" height="36" />
              </button>
            ))}
          </div>
        </div>
      )}
      {body.value !== "" && <Curl id={id} body={body.value} />}
    </div>
  );

  /** What the model sees. */
  function show(target: HTMLCanvasElement, pixels: Uint8Array | undefined): void {
    const picture = new ImageData(input.width, input.height);
    for (let index = 0; index < input.width * input.height; index++) {
      picture.data.fill(pixels?.[index] ?? 0, index * 4, index * 4 + 3);
      picture.data[index * 4 + 3] = 255;
    }
    target.getContext("2d")!.putImageData(picture, 0, 0);
  }
}

/** Grey in as many channels as the model has. */
function spread(pixels: Uint8Array, channels: number): number[] {
  return Array.from({ length: pixels.length * channels }, (_, index) => pixels[Math.floor(index / channels)]!);
}

/** At most twenty, from all of them. */
function spaced<T extends { readonly png?: string }>(samples: readonly T[]): T[] {
  const pictures = samples.filter(({ png }) => png !== undefined);
  const stride = Math.max(1, Math.ceil(pictures.length / 20));
  return pictures.filter((_, index) => index % stride === 0);
}
