// Every kernel's source registers its functions with one of these. Add a line here, the file in kernels/, and its half in
// src/kernels/.
#define NACRE_KERNELS(X) \
  X(addAttention)        \
  X(addAttentionStep)    \
  X(addBinary)           \
  X(addConvolution)      \
  X(addDepthwise)        \
  X(addDropout)          \
  X(addGather)           \
  X(addMatmul)           \
  X(addMovement)         \
  X(addNormalize)        \
  X(addOptimize)         \
  X(addOrthogonalize)    \
  X(addPooling)          \
  X(addQuantized)        \
  X(addReduce)           \
  X(addResize)           \
  X(addSoftmax)          \
  X(addTurned)           \
  X(addUnary)
