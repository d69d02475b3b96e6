import { type Kernel, mostly } from "../kernel.ts";

export const imageKernels: readonly Kernel[] = [
  mostly("ResizeBilinear", ({ images }, { alignCorners, halfPixelCenters, size }, backend) => {
    const [batch, height, width, channels] = images!.shape as [number, number, number, number];
    if (images!.dtype !== "float32" || height * width === 0) return undefined;
    const result = backend.output([batch, size[0], size[1], channels], "float32");
    const sizes = [batch, height, width, channels, size[0], size[1]];
    backend.addon.resizeBilinear(
      backend.floats(images!),
      result.dataId.array,
      ...sizes,
      alignCorners === true,
      halfPixelCenters === true,
    );
    return result;
  }),
  mostly("ResizeNearestNeighbor", ({ images }, { alignCorners, halfPixelCenters, size }, backend) => {
    const [batch, height, width, channels] = images!.shape as [number, number, number, number];
    if (images!.dtype !== "float32" || height * width === 0) return undefined;
    const result = backend.output([batch, size[0], size[1], channels], "float32");
    const sizes = [batch, height, width, channels, size[0], size[1]];
    backend.addon.resizeNearest(
      backend.floats(images!),
      result.dataId.array,
      ...sizes,
      alignCorners === true,
      halfPixelCenters === true,
    );
    return result;
  }),
  mostly("ResizeBilinearGrad", ({ images, dy }, { alignCorners }, backend) => {
    const [batch, height, width, channels] = images!.shape as [number, number, number, number];
    if (dy!.dtype !== "float32" || height * width === 0) return undefined;
    const [, newHeight, newWidth] = dy!.shape as [number, number, number];
    const result = backend.output(images!.shape, "float32");
    const sizes = [batch, height, width, channels, newHeight, newWidth];
    backend.addon.resizeBilinearGradient(backend.floats(dy!), result.dataId.array, ...sizes, alignCorners === true);
    return result;
  }),
];
