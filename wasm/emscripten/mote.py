# mote as an external port of Emscripten (3.1.54 and newer):
#
#   emcc --use-port=PATH/wasm/emscripten/mote.py program.c
#   emcc --use-port=PATH/wasm/emscripten/mote.py:profile=tiny:alignment=16 ...
#
# Emscripten builds the library from the sources around this file when it is
# first asked for it and keeps it in its cache; `emcc --clear-cache` after a
# change of the sources. The interface is the one that Emscripten's
# tools/ports/__init__.py describes.
import os

DESCRIPTION = 'A small-footprint memory allocator'
LICENSE = 'MIT license'

OPTIONS = {
  'profile': 'tiny (fewest bytes of code), standard (the default) or hardened (corruption is caught)',
  'alignment': 'bytes that every block is aligned to: 8 (the default) or 16',
}

root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
allowed = {'profile': ('standard', 'tiny', 'hardened'), 'alignment': ('8', '16')}
chosen = {option: values[0] for option, values in allowed.items()}

sources = [
  'wasm/emscripten/malloc.cpp',
  'wasm/emscripten/dlmalloc_names.cpp',
  'wasm/emscripten/emmalloc_names.cpp',
  'wasm/trap.cpp',
  'src/arena.cpp',
]


def handle_options(options, error_handler):
  for option, value in options.items():
    if value not in allowed[option]:
      error_handler(f'{option} is {value}, must be one of {", ".join(allowed[option])}')
    chosen[option] = value


def get_lib_name(settings):
  return f'libmote-{chosen["profile"]}-{chosen["alignment"]}.a'


def get(ports, settings, shared):
  def create(final):
    # As in CMakeLists.txt, and never bitcode: link-time optimisation makes calls
    # of malloc when all bitcode has been chosen already.
    ports.build_port(root, final, 'mote', srcs=sources, includes=[os.path.join(root, folder) for folder in ('src', 'src/include', 'wasm')], flags=[
      '-std=c++20', '-Oz', '-DNDEBUG', '-fno-lto', '-fno-exceptions', '-fno-rtti', '-fno-threadsafe-statics', '-fno-builtin-malloc',
      f'-DMOTE_PROFILE_{chosen["profile"].upper()}', f'-DMOTE_ALIGNMENT={chosen["alignment"]}',
    ])

  return [shared.cache.get_lib(get_lib_name(settings), create, what='port')]


def clear(ports, settings, shared):
  shared.cache.erase_lib(get_lib_name(settings))


def process_args(ports):
  return ['-isystem', os.path.join(root, 'src/include')]
