import type { Kernel } from "./kernel.ts";
import { binaryKernels } from "./kernels/binary.ts";
import { convolutionKernels } from "./kernels/convolution.ts";
import { fusedKernels } from "./kernels/fused.ts";
import { gatherKernels } from "./kernels/gather.ts";
import { imageKernels } from "./kernels/image.ts";
import { linearKernels } from "./kernels/linear.ts";
import { matmulKernels } from "./kernels/matmul.ts";
import { movementKernels } from "./kernels/movement.ts";
import { reduceKernels } from "./kernels/reduce.ts";
import { residualKernels } from "./kernels/residual-parts.ts";
import { unaryKernels } from "./kernels/unary.ts";

/** Every kernel that is native, in C++ or by sharing memory. */
export const kernels: readonly Kernel[] = [
  ...binaryKernels,
  ...convolutionKernels,
  ...fusedKernels,
  ...gatherKernels,
  ...imageKernels,
  ...linearKernels,
  ...matmulKernels,
  ...movementKernels,
  ...reduceKernels,
  ...residualKernels,
  ...unaryKernels,
];
