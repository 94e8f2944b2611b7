// What wasi-libc's malloc takes from the rest of its library.
extern "C" {
int errno;
}
