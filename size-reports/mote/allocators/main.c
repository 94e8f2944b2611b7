// A program of which only what the linker is told to keep remains.
int main(void) { return 0; }
