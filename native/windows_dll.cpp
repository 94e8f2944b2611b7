// mote as a DLL: while Windows loads it, it puts mote's calls where the program
// would find those of the C runtime. What a program does before its own code
// runs is early enough: the loader has filled the import tables by then, and
// nothing of the program has been called.
//
// Only the program's own table is changed. Other DLLs go on with the runtime's
// heap, so that what they allocate they free, and what is theirs to free must
// not come from the program.
#include <stddef.h>
#include <string.h>
#include <windows.h>

namespace {

struct Replacement {
  const char* name;
  void* function;
};

#define MOTE_REPLACEMENT(name) {#name, reinterpret_cast<void*>(&name)}

// As windows_malloc.cpp has them.
extern "C" {
void* malloc(size_t size);
void free(void* ptr);
void* calloc(size_t count, size_t size);
void* realloc(void* ptr, size_t size);
size_t _msize(void* ptr);
void* _expand(void* ptr, size_t size);
void* _recalloc(void* ptr, size_t count, size_t size);
void* _aligned_malloc(size_t size, size_t align);
void _aligned_free(void* ptr);
void* _aligned_realloc(void* ptr, size_t size, size_t align);
void* _aligned_recalloc(void* ptr, size_t count, size_t size, size_t align);
size_t _aligned_msize(void* ptr, size_t align, size_t offset);
char* _strdup(const char* text);
wchar_t* _wcsdup(const wchar_t* text);
}

const Replacement replacements[] = {
    MOTE_REPLACEMENT(malloc),
    MOTE_REPLACEMENT(free),
    MOTE_REPLACEMENT(calloc),
    MOTE_REPLACEMENT(realloc),
    MOTE_REPLACEMENT(_msize),
    MOTE_REPLACEMENT(_expand),
    MOTE_REPLACEMENT(_recalloc),
    MOTE_REPLACEMENT(_aligned_malloc),
    MOTE_REPLACEMENT(_aligned_free),
    MOTE_REPLACEMENT(_aligned_realloc),
    MOTE_REPLACEMENT(_aligned_recalloc),
    MOTE_REPLACEMENT(_aligned_msize),
    MOTE_REPLACEMENT(_strdup),
    MOTE_REPLACEMENT(_wcsdup),
};

void* replacement_for(const char* name) {
  for (const Replacement& replacement : replacements) {
    if (strcmp(name, replacement.name) == 0) return replacement.function;
  }
  return nullptr;
}

void write(void** at, void* value) {
  DWORD before = 0;
  if (!VirtualProtect(at, sizeof *at, PAGE_READWRITE, &before)) return;
  *at = value;
  VirtualProtect(at, sizeof *at, before, &before);
}

template <class T>
T* at_offset(char* image, size_t offset) {
  return reinterpret_cast<T*>(image + offset);
}

// Microsoft's "PE Format": a descriptor for each DLL, each with two tables that
// run side by side, of names and of the addresses found for them.
void replace_imports(char* image) {
  const auto* dos = at_offset<IMAGE_DOS_HEADER>(image, 0);
  const auto* headers =
      at_offset<IMAGE_NT_HEADERS>(image, static_cast<size_t>(dos->e_lfanew));
  const IMAGE_DATA_DIRECTORY& directory =
      headers->OptionalHeader.DataDirectory[IMAGE_DIRECTORY_ENTRY_IMPORT];
  if (directory.Size == 0) return;
  auto* dll =
      at_offset<IMAGE_IMPORT_DESCRIPTOR>(image, directory.VirtualAddress);
  for (; dll->Name != 0; ++dll) {
    if (dll->OriginalFirstThunk == 0) continue;  // no names are left
    auto* name = at_offset<IMAGE_THUNK_DATA>(image, dll->OriginalFirstThunk);
    auto* address = at_offset<void*>(image, dll->FirstThunk);
    for (; name->u1.AddressOfData != 0; ++name, ++address) {
      if (IMAGE_SNAP_BY_ORDINAL(name->u1.Ordinal)) continue;
      const auto* import =
          at_offset<IMAGE_IMPORT_BY_NAME>(image, name->u1.AddressOfData);
      if (void* const function = replacement_for(import->Name)) {
        write(address, function);
      }
    }
  }
}

}  // namespace

extern "C" BOOL WINAPI DllMain(HINSTANCE, DWORD reason, LPVOID) {
  if (reason == DLL_PROCESS_ATTACH) {
    replace_imports(reinterpret_cast<char*>(GetModuleHandleA(nullptr)));
  }
  return TRUE;
}
