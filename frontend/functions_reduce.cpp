#include "frontend/function_table.h"

namespace ricci {

std::span<const FunctionEntry> reductionFunctions() { return {}; }

} // namespace ricci
