// Compiled once per instruction set: what the program installs when the processor has it.
#include "kernels.h"
#include "kernel.h"

#define NACRE_TEXT(name) #name
#define NACRE_NAME(name) NACRE_TEXT(name)

namespace nacre {
namespace NACRE_ISA {

#define X(add) void add(Exports& exports);
NACRE_KERNELS(X)
#undef X

void install(Exports& exports) {
  exports.text("instructionSet", NACRE_NAME(NACRE_ISA));
#define X(add) add(exports);
  NACRE_KERNELS(X)
#undef X
}

}  // namespace NACRE_ISA
}  // namespace nacre
