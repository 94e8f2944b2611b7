# Leaves app.wasm, as it is shipped, and app.named.wasm.
set -e
mkdir -p out
clang-19 --target=wasm32 -O1 -ffreestanding -nostdlib -c app.c -o out/app.o
wasm-ld-19 --no-entry out/app.o -o out/app.named.wasm
llvm-strip-19 --strip-all out/app.named.wasm -o out/app.wasm
