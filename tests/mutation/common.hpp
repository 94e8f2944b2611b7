// What most tests include and no mutant changes, precompiled.
#include <gtest/gtest.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>
