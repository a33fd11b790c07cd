#pragma once

// What nearly every file of the rooms above the runtime includes, parsed once
// for a whole build; see base/precompiled.h.
#include "lang/codec.h"
#include "lang/field.h"
#include "runtime/component.h"
#include "runtime/snapshot.h"
