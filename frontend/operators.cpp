#include "frontend/function_table.h"
