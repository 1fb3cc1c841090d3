#include "frontend/function_table.h"

namespace ricci {

std::span<const FunctionEntry> elementwiseFunctions() { return {}; }

} // namespace ricci
