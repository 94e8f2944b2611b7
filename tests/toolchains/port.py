"""Does with a port file what Emscripten's tools/ports/__init__.py does with an
external one, as far as the file can tell, by the emcc that is installed.

  python3 tests/toolchains/port.py PORT[:OPTION=VALUE...] FOLDER EMCC-ARGUMENTS...
"""
import importlib.util
import os
import subprocess
import sys


class PortError(Exception):
  pass


def error_handler(message):
  raise PortError(message)


class Ports:
  def __init__(self, folder):
    self.folder = folder

  def build_port(self, src_dir, output_path, port_name, includes=(), flags=(), cxxflags=(), exclude_files=(), exclude_dirs=(), srcs=()):
    objects = []
    for source in srcs:
      objects.append(os.path.join(self.folder, f'{port_name}_{source.replace("/", "_")}.o'))
      compile_it = ['em++', '-c', os.path.join(src_dir, source), '-o', objects[-1], '-g', '-O2', '-I' + src_dir]
      subprocess.run([*compile_it, *flags, *['-I' + include for include in includes]], check=True)
    if os.path.exists(output_path):
      os.remove(output_path)
    subprocess.run(['emar', 'rcs', output_path, *objects], check=True)


class Cache:
  def __init__(self, folder):
    self.folder = folder

  def get_lib(self, name, create, what=None):
    path = os.path.join(self.folder, name)
    if not os.path.exists(path):
      create(path)
    return path

  def erase_lib(self, name):
    path = os.path.join(self.folder, name)
    if os.path.exists(path):
      os.remove(path)


class Shared:
  def __init__(self, folder):
    self.cache = Cache(folder)


def main(port_and_options, folder, *arguments):
  path, *options = port_and_options.split(':')
  spec = importlib.util.spec_from_file_location('tools.ports.mote', path)
  port = importlib.util.module_from_spec(spec)
  spec.loader.exec_module(port)
  for attribute in ('get', 'clear', 'OPTIONS', 'DESCRIPTION', 'LICENSE'):
    assert hasattr(port, attribute), f'the port has no {attribute}'
  given = dict(option.split('=', 1) for option in options)
  for option in given:
    if option not in port.OPTIONS:
      error_handler(f'{option} is not supported')
  port.handle_options(given, error_handler)
  ports, shared, settings = Ports(folder), Shared(folder), object()
  port.clear(ports, settings, shared)
  libraries = port.get(ports, settings, shared)
  assert libraries == port.get(ports, settings, shared)
  subprocess.run(['emcc', *port.process_args(ports), *arguments, *libraries], check=True)


try:
  main(*sys.argv[1:])
except PortError as error:
  sys.exit(f'port error: {error}')
