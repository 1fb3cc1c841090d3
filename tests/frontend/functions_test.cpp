#include "frontend/functions.h"
